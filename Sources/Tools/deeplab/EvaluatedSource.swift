import Evaluation
import Support
import ToolSupport
import Unaries

/// What gives each photograph its labels.
protocol EvaluatedSource {
  /// The number of classes.
  var labelCount: Int { get }
  /// The labels of photograph `index`, and the energies that they have come of, for a CRF.
  ///
  /// - Throws: `InputError` naming the file that cannot be used.
  func labels(
    of index: Int, _ image: LoadedImage, in dataset: Dataset, isQuiet: Bool,
    stopwatch: inout Stopwatch
  ) throws -> (labels: LabelMap, energies: EnergyField?)
  /// The file that the labels of photograph `index` come from.
  func place(of index: Int, in dataset: Dataset) -> String
}

/// A network's labels.
struct NetworkSource: EvaluatedSource {
  private let scorer: NetworkScorer
  private let parallelism: Parallelism
  /// What a report says of it; `nil` for a network that is still in training.
  let report: NetworkReport?

  init(_ network: LoadedNetwork, parallelism: Parallelism) {
    scorer = network.scorer
    self.parallelism = parallelism
    report = NetworkReport(network)
  }

  init(inTraining scorer: NetworkScorer, parallelism: Parallelism) {
    self.scorer = scorer
    self.parallelism = parallelism
    report = nil
  }

  var labelCount: Int { scorer.classCount }

  func place(of index: Int, in dataset: Dataset) -> String { dataset.entries[index].image }

  func labels(
    of index: Int, _ image: LoadedImage, in dataset: Dataset, isQuiet: Bool,
    stopwatch: inout Stopwatch
  ) throws -> (labels: LabelMap, energies: EnergyField?) {
    let path = dataset.entries[index].image
    let scores = try scorer.scores(
      for: image, at: path, isQuiet: isQuiet, stopwatch: &stopwatch)
    let energies = try scorer.energies(
      of: scores, for: Scene(image.image), at: path, stopwatch: &stopwatch)
    return (energies.labels(parallelism: parallelism), energies)
  }
}

/// Scores in files of the photographs' names.
struct ScoreFolderSource: EvaluatedSource {
  private let folder: String
  private let parallelism: Parallelism
  let labelCount: Int
  private static let endings = ["npy"]

  /// - Throws: `InputError` where a file is missing, or the first cannot be read: it says how many
  ///   classes there are.
  init(_ folder: String, dataset: Dataset, parallelism: Parallelism) throws {
    self.folder = folder
    self.parallelism = parallelism
    try dataset.checkCompanions(in: folder, endings: Self.endings)
    labelCount = try Self.unary(
      dataset.companion(0, in: folder, endings: Self.endings), parallelism
    ).labelCount
  }

  func place(of index: Int, in dataset: Dataset) -> String {
    dataset.companion(index, in: folder, endings: Self.endings)
  }

  private static func unary(_ path: String, _ parallelism: Parallelism) throws -> ScoreMapUnary {
    do {
      return try ScoreMapUnary(
        ArrayFile.read(path), kind: .logits, layout: .labelsFirst, parallelism: parallelism)
    } catch let error as InputError {
      throw error.at(path)
    }
  }

  func labels(
    of index: Int, _ image: LoadedImage, in dataset: Dataset, isQuiet: Bool,
    stopwatch: inout Stopwatch
  ) throws -> (labels: LabelMap, energies: EnergyField?) {
    let path = place(of: index, in: dataset)
    let unary = try stopwatch.measure(.read) { try Self.unary(path, parallelism) }
    do {
      guard unary.labelCount == labelCount else {
        throw InputError(
          .data, "has scores of \(unary.labelCount) labels, but the first file of \(labelCount)",
          remedy: "evaluate files of other labels in a run of their own")
      }
      let scene = Scene(image.image)
      try image.notes.orientation?.check("scores", over: scene.grid) { grid in
        do {
          _ = try unary.resampling(to: grid)
          return true
        } catch {
          return false
        }
      }
      let energies = try stopwatch.measure(.unary) { try unary.energies(for: scene) }
      return (energies.labels(parallelism: parallelism), energies)
    } catch let error as InputError {
      throw error.at(path)
    }
  }
}

/// Label maps in files of the photographs' names.
struct LabelFolderSource: EvaluatedSource {
  private let folder: String
  let labelCount: Int

  /// - Throws: `InputError` where a file is missing, or nobody says which classes there are.
  init(_ folder: String, dataset: Dataset) throws {
    guard let names = dataset.classNames else {
      throw InputError(
        .usage, at: "--class-names",
        "is missing: labels alone do not say how many classes there are",
        remedy: "give a list, or write classes.txt into the data set's folder")
    }
    self.folder = folder
    labelCount = names.count
    try dataset.checkCompanions(in: folder, endings: LabelFile.endings)
  }

  func place(of index: Int, in dataset: Dataset) -> String {
    dataset.companion(index, in: folder, endings: LabelFile.endings)
  }

  func labels(
    of index: Int, _ image: LoadedImage, in dataset: Dataset, isQuiet: Bool,
    stopwatch: inout Stopwatch
  ) throws -> (labels: LabelMap, energies: EnergyField?) {
    let path = place(of: index, in: dataset)
    let labels = try stopwatch.measure(.read) { try LabelFile.read(path, palette: dataset.palette) }
    return (labels, nil)
  }
}

extension Dataset {
  /// The file in `folder` that belongs to photograph `index`; where there is none, what it might be
  /// called.
  fileprivate func companion(_ index: Int, in folder: String, endings: [String]) -> String {
    FolderListing.file(name(index), in: folder, endings: endings)
      ?? "\(folder)/\(name(index)).\(endings[0])"
  }

  /// - Throws: `InputError` where a photograph has no file in `folder`, or several, or two
  ///   photographs have the same.
  fileprivate func checkCompanions(in folder: String, endings: [String]) throws {
    var photographs: [String: String] = [:]
    for (index, entry) in entries.enumerated() {
      if let other = photographs.updateValue(entry.image, forKey: entry.name),
        other != entry.image
      {
        throw InputError(
          .data, at: entry.image,
          "has the same stem as \(other), so that both would have the same file in '\(folder)'",
          remedy: "rename one of them, or evaluate them in runs of their own")
      }
      let present = endings.compactMap {
        FolderListing.file(name(index), in: folder, endings: [$0])
      }
      guard present.count <= 1 else {
        throw InputError(
          .data, at: present[1],
          "has the same stem as \(present[0]), so that both belong to \(entry.image)",
          remedy: "rename or remove one of them")
      }
    }
    try Dataset.checkPresence(
      of: entries.indices.map { companion($0, in: folder, endings: endings) },
      remedy: "there must be one for each of the split's \(count) photographs")
  }
}
