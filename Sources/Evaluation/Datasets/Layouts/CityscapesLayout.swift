import Support
import Unaries

/// Cityscapes: a folder a city, labels by id or by train id.
struct CityscapesLayout: DatasetLayout {
  private static let imageFolder = "leftImg8bit"
  private static let labelFolder = "gtFine"
  private static let imageEnding = "_leftImg8bit.png"
  private static let idEnding = "_gtFine_labelIds.png"
  private static let trainIdEnding = "_gtFine_labelTrainIds.png"

  /// The ids of train ids 0…18: road, sidewalk, … (cityscapesScripts, `helpers/labels.py`).
  static let evaluatedIds: [UInt16] = [
    7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33,
  ]
  /// Ids are 0…33; those that are not evaluated do not count.
  private static let idCount = 34

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
      try FolderListing.names(in: "\(images)/\(city)")
        .filter { $0.hasSuffix(Self.imageEnding) }
        .map { file in
          let name = String(file.dropLast(Self.imageEnding.count))
          let labels = "\(folder)/\(Self.labelFolder)/\(split)/\(city)/\(name)"
          let candidates = [labels + Self.idEnding, labels + Self.trainIdEnding]
          return Dataset.Entry(
            name: name, image: "\(images)/\(city)/\(file)",
            labels: candidates.first(where: FolderListing.exists) ?? candidates[0])
        }
    }
  }

  /// Ids become train ids; those of a file of train ids stay.
  func classTable(for path: String) -> [UInt16]? {
    guard path.hasSuffix(Self.idEnding) else { return nil }
    var trainIds = [UInt16](repeating: Dataset.void, count: Self.idCount)
    for (trainId, id) in Self.evaluatedIds.enumerated() { trainIds[Int(id)] = UInt16(trainId) }
    return trainIds
  }
}
