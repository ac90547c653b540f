import Formats
import LatticeSupport
import Unaries

/// What gives each photograph of a data set its labels: files of scores, label maps, or whatever
/// scores photographs.
public struct LabelSource: Sendable {
  /// The labels of a photograph.
  public struct Labels: Sendable {
    /// One for each pixel.
    public var labels: LabelMap
    /// The energies that they have come of; `nil` where there are only labels.
    public var energies: EnergyField?
    /// How long it took to get them.
    public var times: Stopwatch

    /// - Parameters:
    ///   - labels: one for each pixel.
    ///   - energies: what they have come of; `nil` where there are only labels.
    ///   - times: how long it took to get them.
    public init(
      _ labels: LabelMap, energies: EnergyField? = nil, times: Stopwatch = Stopwatch()
    ) {
      self.labels = labels
      self.energies = energies
      self.times = times
    }
  }

  /// The number of classes.
  public let labelCount: Int
  /// The files that labels come from, one for each photograph, for messages.
  public let paths: [String]
  private let give: @Sendable (Int, LoadedImage) throws -> Labels

  /// - Parameters:
  ///   - labelCount: the number of classes.
  ///   - paths: the files that labels come from, one for each photograph, for messages.
  ///   - give: the labels of a photograph, by its number and itself; throws `InputError` naming the
  ///     file that cannot be used.
  public init(
    labelCount: Int, paths: [String],
    give: @escaping @Sendable (Int, LoadedImage) throws -> Labels
  ) {
    self.labelCount = labelCount
    self.paths = paths
    self.give = give
  }

  /// The labels of photograph `index`.
  ///
  /// - Throws: `InputError` naming the file that cannot be used.
  public func labels(of index: Int, _ image: LoadedImage) throws -> Labels {
    try give(index, image)
  }

  /// The likeliest labels by scores in files of the photographs' names.
  ///
  /// - Parameters:
  ///   - folder: with an array for each photograph, `NAME.npy` or `NAME.npz`.
  ///   - dataset: the photographs.
  ///   - reading: how the scores become energies.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where a file is missing, or the first cannot be read: it says how many
  ///   classes there are.
  public init(
    scores folder: String, of dataset: Dataset, reading: ScoreReading,
    parallelism: Parallelism = .automatic
  ) throws {
    let paths = try dataset.companions(in: folder, endings: ArrayFile.endings)
    let labelCount = try reading.labelCount(
      of: ScoreFiles(scores: paths[0], image: dataset.entries[0].image))
    self.init(labelCount: labelCount, paths: paths) { index, image in
      let path = paths[index]
      let loaded = try reading.load(ScoreFiles(scores: path), over: image, parallelism: parallelism)
      let energies = loaded.energies
      guard energies.labelCount == labelCount else {
        throw InputError(
          .data, at: path,
          "has scores of \(energies.labelCount) labels, but the first file of \(labelCount)",
          remedy: "evaluate files of other labels in a run of their own")
      }
      return Labels(
        energies.labels(parallelism: parallelism), energies: energies, times: loaded.times)
    }
  }

  /// Label maps in files of the photographs' names.
  ///
  /// - Parameters:
  ///   - folder: with a map for each photograph, `NAME.png` or `NAME.npy`.
  ///   - dataset: the photographs.
  ///   - labelCount: the number of classes, which labels alone do not say.
  ///   - reading: how the maps are to be understood.
  /// - Throws: `InputError` where a file is missing.
  public init(
    labels folder: String, of dataset: Dataset, labelCount: Int,
    reading: LabelReading = LabelReading()
  ) throws {
    let paths = try dataset.companions(in: folder, endings: LabelFile.endings)
    self.init(labelCount: labelCount, paths: paths) { index, _ in
      var times = Stopwatch()
      let map = try times.measure(.read) { try LabelFile.read(paths[index], as: reading) }
      return Labels(map, times: times)
    }
  }
}

extension Dataset {
  /// The files of a folder that belong to the photographs, one for each: side by side, or in
  /// folders as the photographs are.
  ///
  /// - Throws: `InputError` where a photograph has no file in `folder`, or several, or two
  ///   photographs have the same.
  fileprivate func companions(in folder: String, endings: [String]) throws -> [String] {
    var photographs: [String: String] = [:]
    var indices: [String: FolderIndex] = [:]
    func index(_ path: String) throws -> FolderIndex {
      if let known = indices[path] { return known }
      let index = try FolderIndex(path, endings: endings)
      indices[path] = index
      return index
    }
    let paths = try entries.map { entry in
      if let other = photographs.updateValue(entry.image, forKey: entry.name),
        other != entry.image
      {
        throw InputError(
          .data, at: entry.image,
          "has the same stem as \(other), so that both would have the same file in '\(folder)'",
          remedy: "rename one of them, or evaluate them in runs of their own")
      }
      let parent = entry.image.split(separator: "/").dropLast().last.map { "\(folder)/\($0)" }
      let names = layout.predictionNames(for: entry)
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
    try Self.checkPresence(
      of: paths, remedy: "there must be one for each of the split's \(count) photographs")
    return paths
  }
}
