import Formats
import LatticeSupport
import Unaries

/// One split of a data set on disk: which photographs there are, and where their labels lie.
///
/// Opening one reads its lists only; images are read when they are asked for.
public struct Dataset: LabelledImages {
  /// A photograph and its labels.
  public struct Entry: Sendable, Hashable {
    /// What both are called, without folders and endings.
    public let name: String
    /// The path of the photograph.
    public let image: String
    /// The path of its labels.
    public let labels: String

    /// - Parameters:
    ///   - name: what both are called.
    ///   - image: the path of the photograph.
    ///   - labels: the path of its labels.
    public init(name: String, image: String, labels: String) {
      self.name = name
      self.image = image
      self.labels = labels
    }
  }

  /// How the folder is laid out.
  public let layout: any DatasetLayout
  /// The split; `nil` where the layout has only one.
  public let split: String?
  /// The photographs, in the order of the split's list.
  public private(set) var entries: [Entry]
  /// The names of classes 0, 1, …; `nil` where they are not known.
  public let classNames: [String]?
  /// What the contents of label files stand for. A mapping takes the place of the layout's own.
  public let reading: LabelReading
  /// What colours stand for, in labels that are colours; `nil` where labels are numbers.
  public var palette: Palette? { reading.palette }

  /// What is done with photographs that are not stored upright. The proportions of their labels
  /// tell, unless this says otherwise.
  public var orientation = OrientationRule.ask

  /// The label of pixels that do not count.
  public static let void = Palette.voidLabel

  /// The photographs of a split.
  ///
  /// - Parameters:
  ///   - folder: the folder of the data set.
  ///   - layout: how it is laid out; `nil` to see from its contents.
  ///   - split: which list of photographs, as in `val`, or the path of a text file with a
  ///     photograph and its labels in each line; `nil` where there is only one.
  ///   - classNames: the names of the classes; `nil` for those of the folder's `classes.txt`, or
  ///     the layout's own.
  ///   - palette: what colours stand for, in labels that are colours.
  ///   - mapping: what numbers stand for, in labels that are not classes; takes the place of the
  ///     layout's own.
  /// - Throws: `InputError` where the folder is not laid out so, there is no such split, or its
  ///   list cannot be read.
  public init(
    at folder: String, layout: (any DatasetLayout)? = nil, split: String? = nil,
    classNames: [String]? = nil, palette: Palette? = nil, mapping: LabelMapping? = nil
  ) throws {
    let list = split.flatMap { DatasetList.isFile($0) ? $0 : nil }
    let layout =
      try layout ?? DatasetLayouts.detect(in: folder, split: list == nil ? split : nil)
    self.layout = layout
    self.split = try split ?? Self.onlySplit(of: layout, in: folder)
    self.classNames = try classNames ?? ClassNames.beside(folder) ?? layout.classNames
    reading = LabelReading(palette: palette, mapping: mapping)
    if let list {
      let pairs = try DatasetList(list, in: folder)
      entries = try pairs.lines.map { try pairs.pair($0) }
    } else {
      entries = try layout.entries(in: folder, split: self.split)
    }
    guard !entries.isEmpty else {
      throw InputError(
        .noInput, at: folder,
        "has no photographs" + (self.split.map { " in its split '\($0)'" } ?? ""),
        remedy: "check the split and the layout (\(layout.name): \(layout.summary))")
    }
  }

  private static func onlySplit(
    of layout: any DatasetLayout, in folder: String
  ) throws -> String? {
    let splits = try layout.splits(in: folder)
    guard splits.count > 1 else { return splits.first }
    throw InputError(
      .usage, at: folder, "has the splits \(splits.joined(separator: ", ")), and none is named",
      remedy: "choose one with \(name: .split)")
  }

  /// The same with the photographs of a share alone.
  ///
  /// - Throws: `InputError` where there are fewer photographs than shares.
  public func share(_ shard: Shard) throws -> Dataset {
    guard entries.count >= shard.count else {
      throw InputError(
        .usage, "\(entries.count) photographs cannot be shared among \(shard.count)",
        remedy: "cut them into fewer shards")
    }
    var part = self
    part.entries = shard.share(of: entries)
    return part
  }

  /// The number of photographs.
  public var count: Int { entries.count }

  /// What photograph `index` is called.
  public func name(_ index: Int) -> String { entries[index].name }

  /// The path of the labels of photograph `index`.
  public func labelsPlace(_ index: Int) -> String { entries[index].labels }

  /// Reads photograph `index`, PNG or JPEG: in 8 bits, as networks see it, and with the rows that
  /// its labels have.
  ///
  /// - Throws: `InputError` where a file cannot be read, or the photograph is not stored upright
  ///   and nothing shows whether its labels are; see `orientation`.
  public func image(_ index: Int) throws -> Image {
    let picture = try StoredPicture(entries[index].image)
    let use = try orientationUse(index, of: picture)
    return picture.image(isUpright: use?.isApplied == true).inBytes
  }

  /// How photograph `index`, which was read before, is taken where it is not stored upright; `nil`
  /// where it is.
  package func orientationUse(_ index: Int, of picture: StoredPicture) throws -> OrientationUse? {
    try orientationUse(index, picture.orientation) { picture.image.grid }
  }

  /// How photograph `index` is taken where it is not stored upright; `nil` where it is. Only
  /// headers are read.
  ///
  /// - Throws: `InputError` where nothing shows how its labels lie, or a file cannot be read.
  package func orientationUse(_ index: Int) throws -> OrientationUse? {
    let path = entries[index].image
    return try orientationUse(index, ImageFile.orientation(of: path)) {
      try ImageFile.grid(of: path)
    }
  }

  private func orientationUse(
    _ index: Int, _ noted: PictureOrientation, _ stored: () throws -> GridShape
  ) throws -> OrientationUse? {
    guard noted != .upright else { return nil }
    let entry = entries[index]
    let labels = try LabelFile.grid(of: entry.labels)
    return try orientation.use(
      noted, stored: stored(), at: entry.image, companion: "labels", fits: [{ $0 == labels }])
  }

  /// How all photographs are taken that are not stored upright, by their numbers.
  ///
  /// Asked for before work of hours begins: a photograph whose way up is unclear is found
  /// then.
  /// - Throws: as `orientationUse(_:)` does, of the first such photograph.
  /// - Complexity: O(count) looks at files' first kilobytes.
  package func orientationUses(parallelism: Parallelism) throws -> [Int: OrientationUse] {
    let uses = try parallelism.map(count) { try orientationUse($0) }
    return Dictionary(
      uniqueKeysWithValues: uses.enumerated().compactMap { index, use in
        use.map { (index, $0) }
      })
  }

  /// Reads the labels of photograph `index`, as classes: PNG or NPY.
  public func labels(_ index: Int) throws -> LabelMap {
    let path = entries[index].labels
    let labels = try LabelFile.read(path, as: reading)
    return reading.mapping == nil ? try layout.classes(of: labels, path: path) : labels
  }

  /// The same split with `limit` of its photographs at most, evenly spaced from the first on.
  /// O(limit).
  ///
  /// - Parameter limit: at least 1.
  public func thinned(to limit: Int) -> Dataset {
    precondition(limit >= 1, "a data set of \(limit) photographs")
    guard limit < count else { return self }
    var part = self
    part.entries = (0..<limit).map { entries[$0 * count / limit] }
    return part
  }

  /// Makes sure that every file is there, before work of hours begins.
  ///
  /// - Throws: `InputError` naming the first that is not, and how many there are.
  /// - Complexity: O(count) questions to the file system.
  public func checkPresence() throws {
    try Self.checkPresence(
      of: entries.flatMap { [$0.image, $0.labels] },
      remedy: "'deeplab dataset check' lists all that is missing")
  }

  /// - Throws: `InputError` naming the first of `paths` where no file is, and how many there are.
  package static func checkPresence(of paths: [String], remedy: String) throws {
    let missing = paths.filter { !FolderListing.exists($0) }
    guard let first = missing.first else { return }
    throw InputError(
      .noInput, at: first,
      "is not there" + (missing.count == 1 ? "" : ", nor are \(missing.count - 1) other files"),
      remedy: remedy)
  }
}
