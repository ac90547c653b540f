import Evaluation
import Formats
import LatticeSupport
import ToolSupport
import Unaries

/// Scores in files of the photographs' names.
struct ScoreFolderSource: EvaluatedSource {
  private let files: Companions
  private let unary: UnarySettings
  private let parallelism: Parallelism
  let labelCount: Int

  /// - Throws: `InputError` where a file is missing, or the first cannot be read: it says how many
  ///   classes there are.
  init(
    _ folder: String, dataset: Dataset, unary: UnarySettings, parallelism: Parallelism
  ) throws {
    self.unary = unary
    self.parallelism = parallelism
    files = try Companions(of: dataset, in: folder, endings: FolderPlan.arrayEndings)
    var stopwatch = Stopwatch()
    labelCount = try unary.load(
      UnaryFiles(scores: files.paths[0], image: dataset.entries[0].image),
      parallelism: parallelism, hasTiles: false, stopwatch: &stopwatch
    ).energies.labelCount
  }

  func place(of index: Int, in dataset: Dataset) -> String { files.paths[index] }

  func labels(
    of index: Int, _ image: LoadedImage, in dataset: Dataset, isQuiet: Bool,
    stopwatch: inout Stopwatch
  ) throws -> (labels: LabelMap, energies: EnergyField?) {
    let path = files.paths[index]
    let energies = try unary.energies(
      path, for: image, parallelism: parallelism, stopwatch: &stopwatch)
    guard energies.labelCount == labelCount else {
      throw InputError(
        .data, at: path,
        "has scores of \(energies.labelCount) labels, but the first file of \(labelCount)",
        remedy: "evaluate files of other labels in a run of their own")
    }
    return (energies.labels(parallelism: parallelism), energies)
  }
}

/// Label maps in files of the photographs' names.
struct LabelFolderSource: EvaluatedSource {
  private let files: Companions
  private let reading: LabelReading
  let labelCount: Int

  /// - Throws: `InputError` where a file is missing, or nobody says which classes there are.
  init(_ folder: String, dataset: Dataset, reading: LabelReading) throws {
    guard let names = dataset.classNames else {
      throw InputError(
        .usage, at: "--class-names",
        "is missing: labels alone do not say how many classes there are",
        remedy: "give a list, or write classes.txt into the data set's folder")
    }
    self.reading = reading
    labelCount = names.count
    files = try Companions(of: dataset, in: folder, endings: LabelFile.endings)
  }

  func place(of index: Int, in dataset: Dataset) -> String { files.paths[index] }

  func labels(
    of index: Int, _ image: LoadedImage, in dataset: Dataset, isQuiet: Bool,
    stopwatch: inout Stopwatch
  ) throws -> (labels: LabelMap, energies: EnergyField?) {
    let labels = try stopwatch.measure(.read) {
      try LabelFile.read(files.paths[index], as: reading)
    }
    return (labels, nil)
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
