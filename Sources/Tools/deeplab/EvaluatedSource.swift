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
    of index: Int, _ image: Image, in dataset: Dataset, isQuiet: Bool, stopwatch: inout Stopwatch
  ) throws -> (labels: LabelMap, energies: EnergyField?)
}

/// A network's labels.
struct NetworkSource: EvaluatedSource {
  let network: LoadedNetwork
  private let parallelism: Parallelism

  init(_ network: LoadedNetwork, parallelism: Parallelism) {
    self.network = network
    self.parallelism = parallelism
  }

  var labelCount: Int { network.classCount }

  func labels(
    of index: Int, _ image: Image, in dataset: Dataset, isQuiet: Bool, stopwatch: inout Stopwatch
  ) throws -> (labels: LabelMap, energies: EnergyField?) {
    let path = dataset.entries[index].image
    let scores = try network.scores(
      for: image, at: path, isQuiet: isQuiet, stopwatch: &stopwatch)
    let energies = try network.energies(
      of: scores, for: Scene(image), at: path, stopwatch: &stopwatch)
    return (energies.labels(parallelism: parallelism), energies)
  }
}

/// Scores in files of the photographs' names.
struct ScoreFolderSource: EvaluatedSource {
  private let folder: String
  private let parallelism: Parallelism
  let labelCount: Int

  /// - Throws: `InputError` where a file is missing, or the first cannot be read: it says how many classes
  ///   there are.
  init(_ folder: String, dataset: Dataset, parallelism: Parallelism) throws {
    self.folder = folder
    self.parallelism = parallelism
    try dataset.checkCompanions(in: folder, endings: ["npy"])
    labelCount = try Self.unary(Self.path(folder, dataset, 0), parallelism).labelCount
  }

  private static func path(_ folder: String, _ dataset: Dataset, _ index: Int) -> String {
    "\(folder)/\(dataset.name(index)).npy"
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
    of index: Int, _ image: Image, in dataset: Dataset, isQuiet: Bool, stopwatch: inout Stopwatch
  ) throws -> (labels: LabelMap, energies: EnergyField?) {
    let path = Self.path(folder, dataset, index)
    let unary = try stopwatch.measure(.read) { try Self.unary(path, parallelism) }
    do {
      guard unary.labelCount == labelCount else {
        throw InputError(
          .data, "has scores of \(unary.labelCount) labels, but the first file of \(labelCount)",
          remedy: "evaluate files of other labels in a run of their own")
      }
      let energies = try stopwatch.measure(.unary) { try unary.energies(for: Scene(image)) }
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
  private static let endings = ["png", "npy"]

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
    try dataset.checkCompanions(in: folder, endings: Self.endings)
  }

  func labels(
    of index: Int, _ image: Image, in dataset: Dataset, isQuiet: Bool, stopwatch: inout Stopwatch
  ) throws -> (labels: LabelMap, energies: EnergyField?) {
    let path = dataset.companion(index, in: folder, endings: Self.endings)
    let labels = try stopwatch.measure(.read) { try LabelFile.read(path, palette: dataset.palette) }
    return (labels, nil)
  }
}

extension Dataset {
  /// The file in `folder` that belongs to photograph `index`; where there is none, what it might be called.
  fileprivate func companion(_ index: Int, in folder: String, endings: [String]) -> String {
    let paths = endings.map { "\(folder)/\(name(index)).\($0)" }
    return paths.first(where: FileSystem.exists) ?? paths[0]
  }

  /// - Throws: `InputError` where a photograph has no file in `folder`.
  fileprivate func checkCompanions(in folder: String, endings: [String]) throws {
    let missing = (0..<count).map { companion($0, in: folder, endings: endings) }
      .filter { !FileSystem.exists($0) }
    guard let first = missing.first else { return }
    throw InputError(
      .noInput, at: first,
      "is not there" + (missing.count == 1 ? "" : ", nor are \(missing.count - 1) other files"),
      remedy: "there must be one for each of the split's \(count) photographs")
  }
}
