import Evaluation
import Formats
import LatticeSupport
import ToolSupport
import Unaries

/// What gives each photograph of a data set its labels: a network, files of scores, or label maps.
struct EvaluatedSource {
  private enum Kind {
    case network(NetworkScorer)
    case scores(UnarySettings)
    case labels(LabelReading)
  }

  private let kind: Kind
  /// The files that labels come from, one for each photograph.
  private let paths: [String]
  private let parallelism: Parallelism
  /// The number of classes.
  let labelCount: Int
  /// What a report says of the network; `nil` for files, and for a network in training.
  private(set) var report: NetworkReport?

  /// The labels of a network, which may still be in training.
  init(_ scorer: NetworkScorer, _ dataset: Dataset, parallelism: Parallelism) {
    kind = .network(scorer)
    paths = dataset.entries.map(\.image)
    labelCount = scorer.classCount
    self.parallelism = parallelism
  }

  /// The labels of a network with its weights.
  init(_ network: LoadedNetwork, _ dataset: Dataset, parallelism: Parallelism) {
    self.init(network.scorer, dataset, parallelism: parallelism)
    report = NetworkReport(network)
  }

  /// Scores in files of the photographs' names.
  ///
  /// - Throws: `InputError` where a file is missing, or the first cannot be read: it says how many
  ///   classes there are.
  init(
    scores folder: String, _ dataset: Dataset, unary: UnarySettings, parallelism: Parallelism
  ) throws {
    kind = .scores(unary)
    paths = try Companions(of: dataset, in: folder, endings: FolderPlan.arrayEndings).paths
    labelCount = try unary.labelCount(
      of: UnaryFiles(scores: paths[0], image: dataset.entries[0].image))
    self.parallelism = parallelism
  }

  /// Label maps in files of the photographs' names.
  ///
  /// - Throws: `InputError` where a file is missing, or nobody says which classes there are.
  init(
    labels folder: String, _ dataset: Dataset, reading: LabelReading, parallelism: Parallelism
  ) throws {
    guard let names = dataset.classNames else {
      throw InputError(
        .usage, at: "--class-names",
        "is missing: labels alone do not say how many classes there are",
        remedy: "give a list, or write classes.txt into the data set's folder")
    }
    kind = .labels(reading)
    paths = try Companions(of: dataset, in: folder, endings: LabelFile.endings).paths
    labelCount = names.count
    self.parallelism = parallelism
  }

  /// The file that the labels of photograph `index` come from.
  func place(of index: Int) -> String { paths[index] }

  /// The labels of photograph `index`, and the energies that they have come of, for a plan.
  ///
  /// - Throws: `InputError` naming the file that cannot be used.
  func labels(
    of index: Int, _ image: LoadedImage, isQuiet: Bool, stopwatch: inout Stopwatch
  ) throws -> (labels: LabelMap, energies: EnergyField?) {
    let path = paths[index]
    let energies: EnergyField
    switch kind {
    case .labels(let reading):
      return (try stopwatch.measure(.read) { try LabelFile.read(path, as: reading) }, nil)
    case .network(let scorer):
      energies = try scorer.load(image, at: path, isQuiet: isQuiet, stopwatch: &stopwatch)
        .unary.energies
    case .scores(let unary):
      energies = try unary.load(
        UnaryFiles(scores: path, image: nil), over: image, parallelism: parallelism,
        hasTiles: false, stopwatch: &stopwatch
      ).energies
      guard energies.labelCount == labelCount else {
        throw InputError(
          .data, at: path,
          "has scores of \(energies.labelCount) labels, but the first file of \(labelCount)",
          remedy: "evaluate files of other labels in a run of their own")
      }
    }
    return (energies.labels(parallelism: parallelism), energies)
  }
}

/// The files of a folder that belong to the photographs of a data set.
private struct Companions {
  /// One for each photograph.
  let paths: [String]

  /// - Throws: `InputError` where a photograph has no file in `folder`, or several, or two
  ///   photographs have the same.
  init(of dataset: Dataset, in folder: String, endings: [String]) throws {
    var photographs: [String: String] = [:]
    var indices: [String: FolderIndex] = [:]
    func index(_ path: String) throws -> FolderIndex {
      if let known = indices[path] { return known }
      let index = try FolderIndex(path, endings: endings)
      indices[path] = index
      return index
    }
    paths = try dataset.entries.map { entry in
      if let other = photographs.updateValue(entry.image, forKey: entry.name),
        other != entry.image
      {
        throw InputError(
          .data, at: entry.image,
          "has the same stem as \(other), so that both would have the same file in '\(folder)'",
          remedy: "rename one of them, or evaluate them in runs of their own")
      }
      // Files lie side by side, or in folders as the photographs do.
      let parent = entry.image.split(separator: "/").dropLast().last.map { "\(folder)/\($0)" }
      let names = dataset.layout.predictionNames(for: entry)
      let present = try ([folder] + [parent].compactMap { $0 }).flatMap { place in
        try names.flatMap(index(place).paths)
      }
      guard present.count <= 1 else {
        throw InputError(
          .data, at: present[1],
          "has the same stem as \(present[0]), so that both belong to \(entry.image)",
          remedy: "rename or remove one of them")
      }
      return try present.first ?? index(folder).path(entry.name)
    }
    try Dataset.checkPresence(
      of: paths,
      remedy: "there must be one for each of the split's \(dataset.count) photographs")
  }
}
