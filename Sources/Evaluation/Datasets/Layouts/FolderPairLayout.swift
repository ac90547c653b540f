import Formats
import LatticeSupport
import Unaries

/// A folder of photographs and one of labels, matched by the stems of their files' names.
///
/// Splits, where there are any, are folders of the same names in both.
public struct FolderPairLayout: DatasetLayout {
  /// What options call it.
  public let name = "folders"
  /// None: folders may hold anything.
  public let classNames: [String]? = nil
  /// Its folders, in a line.
  public let summary = "images/ and labels/ (or images/SPLIT/ and labels/SPLIT/), matched by name"
  /// `nil` for `images` and `labels` in the data set's folder.
  private let labelFolder: String?

  /// The folders `images` and `labels` of a data set's folder.
  public init() { labelFolder = nil }

  /// The folder of the data set holds photographs, `labels` their labels.
  public init(labels: String) { labelFolder = labels }

  private func folders(in folder: String) -> (images: String, labels: String) {
    labelFolder.map { (folder, $0) } ?? (folder + "/images", folder + "/labels")
  }

  /// Whether both folders are there.
  public func isPresent(in folder: String) -> Bool {
    let (images, labels) = folders(in: folder)
    return FolderListing.isFolder(images) && FolderListing.isFolder(labels)
  }

  /// The folders of photographs; none where photographs lie beside them, whatever those folders are
  /// for.
  public func splits(in folder: String) throws -> [String] {
    let images = folders(in: folder).images
    let names = try FolderListing.names(in: images)
    let folders = names.filter { FolderListing.isFolder("\(images)/\($0)") }
    let isFlat = Set(names).subtracting(folders).contains {
      ImageFile.photographEndings.contains(FolderListing.split($0).ending)
    }
    return isFlat ? [] : folders
  }

  /// A photograph without labels, and labels without a photograph, have an entry too: the
  /// error of reading the other file gives its name.
  public func entries(in folder: String, split: String?) throws -> [Dataset.Entry] {
    let suffix = split.map { "/" + $0 } ?? ""
    let (images, labels) = (
      folders(in: folder).images + suffix, folders(in: folder).labels + suffix
    )
    guard FolderListing.isFolder(images) else { throw missing(split: split, in: folder) }
    let readable = try FolderIndex(images, endings: ImageFile.photographEndings)
    // Pictures that cannot be read are entries too: reading them gives the error.
    let pictures = try FolderIndex(
      images, endings: ImageFile.photographEndings + ImageFile.otherPictureEndings)
    let maps = try FolderIndex(labels, endings: LabelFile.endings, mayBeMissing: false)
    try readable.checkStemsDiffer()
    try maps.checkStemsDiffer()
    return Set(pictures.stems).union(maps.stems).sorted().map { stem in
      Dataset.Entry(name: stem, image: pictures.path(stem), labels: maps.path(stem))
    }
  }
}
