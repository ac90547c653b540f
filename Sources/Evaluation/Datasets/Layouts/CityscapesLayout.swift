import Formats
import LatticeSupport
import Unaries

/// Cityscapes: a folder a city, labels by id or by train id.
struct CityscapesLayout: DatasetLayout {
  private static let imageFolder = "leftImg8bit"
  private static let labelFolder = "gtFine"
  /// What the stems of files end in.
  private static let imageSuffix = "_leftImg8bit"
  private static let idSuffix = "_gtFine_labelIds"
  private static let trainIdSuffix = "_gtFine_labelTrainIds"

  let name = "cityscapes"
  let classNames: [String]? = ClassNames.cityscapes
  let summary =
    "leftImg8bit/SPLIT/CITY/*_leftImg8bit.png, "
    + "gtFine/SPLIT/CITY/*_gtFine_labelIds.png or *_gtFine_labelTrainIds.png"

  func isPresent(in folder: String) -> Bool {
    FolderListing.isFolder("\(folder)/\(Self.imageFolder)")
      && FolderListing.isFolder("\(folder)/\(Self.labelFolder)")
  }

  func splits(in folder: String) throws -> [String] {
    let images = "\(folder)/\(Self.imageFolder)"
    return try FolderListing.names(in: images).filter { FolderListing.isFolder("\(images)/\($0)") }
  }

  func entries(in folder: String, split: String?) throws -> [Dataset.Entry] {
    guard let split, FolderListing.isFolder("\(folder)/\(Self.imageFolder)/\(split)") else {
      throw missing(split: split, in: folder)
    }
    let images = "\(folder)/\(Self.imageFolder)/\(split)"
    let cities = try FolderListing.names(in: images).filter {
      FolderListing.isFolder("\(images)/\($0)")
    }
    return try cities.flatMap { city in
      let labels = try FolderIndex(
        "\(folder)/\(Self.labelFolder)/\(split)/\(city)", endings: LabelFile.endings)
      let pictures = try FolderIndex("\(images)/\(city)", endings: ImageFile.photographEndings)
      return pictures.stems.filter { $0.hasSuffix(Self.imageSuffix) }.map { stem in
        let name = String(stem.dropLast(Self.imageSuffix.count))
        let candidates = [name + Self.idSuffix, name + Self.trainIdSuffix]
        return Dataset.Entry(
          name: name, image: pictures.path(stem),
          labels: labels.path(candidates.first(where: labels.contains) ?? candidates[0]))
      }
    }
  }

  /// Files of predictions may be called as the photographs or the labels are, as benchmarks want
  /// them.
  func predictionNames(for entry: Dataset.Entry) -> [String] {
    ["", Self.imageSuffix, Self.idSuffix, Self.trainIdSuffix].map { entry.name + $0 }
  }

  /// Ids become train ids; those of a file of train ids stay.
  func classTable(for path: String) -> [UInt16]? {
    guard FolderListing.split(path).stem.hasSuffix(Self.idSuffix) else { return nil }
    let ids = LabelMapping.cityscapes(void: Dataset.void)
    return (0..<Self.idCount).map { ids.label(for: $0) ?? Dataset.void }
  }

  /// Ids are 0…33; those that are not evaluated do not count.
  private static let idCount = 34
}
