import Formats
import LatticeSupport
import Unaries

/// Lists of the classes that data sets tell apart.
public enum ClassNames {
  /// What a file of names is called where it lies in a data set's folder.
  public static let fileName = "classes.txt"

  /// More would reach the void label.
  private static let mostClasses = Int(Palette.voidLabel)
  private static let largestFile = 1 << 20

  private static let known: [(name: String, names: [String])] = [
    ("voc", voc), ("pascal-context", pascalContext), ("person-part", personPart),
    ("cityscapes", cityscapes), ("camvid", camVid),
  ]

  /// The names that `named(_:)` knows, for messages and help texts.
  public static let knownNames = known.map(\.name).joined(separator: ", ")

  /// The classes of a known data set, or those that a file lists.
  ///
  /// - Throws: `InputError` where `name` is neither, or the file is not a list.
  public static func named(_ name: String) throws -> [String] {
    if let entry = known.first(where: { $0.name == name.lowercased() }) { return entry.names }
    guard FolderListing.exists(name) else {
      throw InputError(
        .usage, "\(quoted(name)) is neither a known list of classes nor a file",
        remedy: "known are \(knownNames); a file has the name of a class in each line, from "
          + "class 0 on")
    }
    return try read(name)
  }

  /// The list in a data set's folder; `nil` where there is none.
  ///
  /// - Throws: as `read` does.
  static func beside(_ folder: String) throws -> [String]? {
    let path = folder + "/" + fileName
    return FolderListing.exists(path) ? try read(path) : nil
  }

  /// The names in a text file, one per line from class 0 on; empty lines and what follows a `#` are
  /// skipped.
  ///
  /// - Throws: `InputError` where the file cannot be read, names a class twice, or has none or too
  ///   many.
  static func read(_ path: String) throws -> [String] {
    let text = try TextFile.read(path, as: "a list of classes", upTo: largestFile)
    let names = text.split(whereSeparator: \.isNewline).compactMap { line -> String? in
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
      return words.isEmpty ? nil : words.joined(separator: " ")
    }
    guard (1...mostClasses).contains(names.count) else {
      throw InputError(
        .data, at: path, "lists \(names.count) classes; 1 to \(mostClasses) are possible",
        remedy: "write the name of a class in each line, from class 0 on")
    }
    var seen: Set<String> = []
    if let name = names.first(where: { !seen.insert($0).inserted }) {
      throw InputError(
        .data, at: path, "names the class \(quoted(name)) twice", remedy: "give each its own name")
    }
    return names
  }

  /// PASCAL VOC: background and 20 objects.
  public static let voc = Palette.voc.names.filter { !$0.isEmpty }
  /// The 19 classes that Cityscapes is evaluated on, by their train ids.
  public static let cityscapes = Palette.cityscapes.names
  /// The 11 classes of CamVid as SegNet groups them.
  public static let camVid = Palette.camvid.names
  /// Background and six parts of people (Chen et al., "Attention to scale", arXiv:1511.03339).
  public static let personPart = [
    "background", "head", "torso", "upper arms", "lower arms", "upper legs", "lower legs",
  ]
  /// Background and the 59 most frequent classes of PASCAL-Context (Mottaghi et al., CVPR 2014).
  public static let pascalContext = [
    "background", "aeroplane", "bag", "bed", "bedclothes", "bench", "bicycle", "bird", "boat",
    "book", "bottle", "building", "bus", "cabinet", "car", "cat", "ceiling", "chair", "cloth",
    "computer", "cow", "cup", "curtain", "dog", "door", "fence", "floor", "flower", "food", "grass",
    "ground", "horse", "keyboard", "light", "motorbike", "mountain", "mouse", "person", "plate",
    "platform", "pottedplant", "road", "rock", "sheep", "shelves", "sidewalk", "sign", "sky",
    "snow", "sofa", "table", "track", "train", "tree", "truck", "tvmonitor", "wall", "water",
    "window",
    "wood",
  ]
}
