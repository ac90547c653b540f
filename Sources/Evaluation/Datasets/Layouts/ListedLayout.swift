import Formats
import LatticeSupport
import Unaries

/// PASCAL's layouts: a folder of photographs, one of labels, and a text file for each split.
struct ListedLayout: DatasetLayout {
  let name: String
  let classNames: [String]?
  /// Where splits are listed; the first that is there.
  let listFolders: [String]
  /// Where the labels of photographs lie that are listed by name; the first that is there.
  let labelFolders: [String]
  /// Whether labels may lie in another folder than lists say.
  var mayHaveMoved = false
  private let imageFolder = "JPEGImages"

  /// PASCAL VOC 2012, and whatever has its layout.
  static let voc = ListedLayout(
    name: "voc", classNames: ClassNames.voc, listFolders: ["ImageSets/Segmentation"],
    labelFolders: ["SegmentationClass"])

  /// PASCAL VOC 2012 with the labels of Hariharan et al. (ICCV 2011): `train_aug` has 10 582
  /// photographs.
  static let vocAugmented = ListedLayout(
    name: "voc-aug", classNames: ClassNames.voc, listFolders: ["ImageSets/SegmentationAug"],
    labelFolders: ["SegmentationClassAug"])

  /// PASCAL-Context: background and 59 classes.
  static let pascalContext = ListedLayout(
    name: "pascal-context", classNames: ClassNames.pascalContext,
    listFolders: ["ImageSets/SegmentationContext"], labelFolders: ["SegmentationClassContext"])

  /// PASCAL-Person-Part: background and six parts; VOC 2010 with the archive of Chen et al. (CVPR
  /// 2016) unpacked in it, or the archive's folders beside the photographs.
  static let personPart = ListedLayout(
    name: "person-part", classNames: ClassNames.personPart,
    listFolders: [
      "ImageSets/PersonPart", "pascal_person_part_trainval_list",
      "pascal_person_part/pascal_person_part_trainval_list",
    ],
    labelFolders: [
      "SegmentationPart", "pascal_person_part_gt", "pascal_person_part/pascal_person_part_gt",
    ],
    mayHaveMoved: true)

  var summary: String {
    "\(imageFolder)/, \(labelFolders.joined(separator: "/ or "))/, "
      + "\(listFolders.joined(separator: "/ or "))/SPLIT.txt"
  }

  func isPresent(in folder: String) -> Bool {
    listFolder(in: folder) != nil && FolderListing.isFolder(folder + "/" + imageFolder)
  }

  private func listFolder(in folder: String) -> String? {
    listFolders.map { folder + "/" + $0 }.first(where: FolderListing.isFolder)
  }

  func splits(in folder: String) throws -> [String] {
    guard let lists = listFolder(in: folder) else { throw missing(split: nil, in: folder) }
    return try FolderListing.names(in: lists).map { FolderListing.split($0) }
      .filter { $0.ending == "txt" }.map(\.stem)
  }

  func entries(in folder: String, split: String?) throws -> [Dataset.Entry] {
    guard let lists = listFolder(in: folder), let split,
      let path = try FolderIndex(lists, endings: ["txt"]).paths(split).first
    else { throw missing(split: split, in: folder) }
    let labelFolder =
      labelFolders.map { folder + "/" + $0 }.first(where: FolderListing.isFolder)
      ?? folder + "/" + labelFolders[0]
    let list = try DatasetList(path, in: folder)
    let pictures = try FolderIndex(
      folder + "/" + imageFolder,
      // What cannot be read is called what it is when it is read.
      endings: ImageFile.photographEndings + ImageFile.otherPictureEndings)
    let labels = try FolderIndex(labelFolder, endings: LabelFile.endings)
    return try list.lines.map { line in
      switch try list.meaning(of: line, among: pictures) {
      case .pair(let entry): mayHaveMoved ? located(entry, labels) : entry
      case .name(let name):
        Dataset.Entry(name: name, image: pictures.path(name), labels: labels.path(name))
      }
    }
  }

  /// The photograph with the labels that its list names or, where there is no such folder, with
  /// those of its name: archives are unpacked in other places than their lists say.
  private func located(_ entry: Dataset.Entry, _ labels: FolderIndex) -> Dataset.Entry {
    guard let slash = entry.labels.lastIndex(of: "/"),
      !FolderListing.isFolder(String(entry.labels[..<slash]))
    else { return entry }
    return Dataset.Entry(name: entry.name, image: entry.image, labels: labels.path(entry.name))
  }
}
