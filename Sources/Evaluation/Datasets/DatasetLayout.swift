import LatticeSupport
import Unaries

/// How a data set lies on disk.
public protocol DatasetLayout: Sendable {
  /// What options call it.
  var name: String { get }
  /// Its folders, in a line.
  var summary: String { get }
  /// The names of its classes; `nil` where they differ from one folder to another.
  var classNames: [String]? { get }
  /// Whether `folder` is laid out so.
  func isPresent(in folder: String) -> Bool
  /// The splits that there are, sorted; empty where there is only one, without a name.
  ///
  /// - Throws: `InputError` where the folder cannot be listed.
  func splits(in folder: String) throws -> [String]
  /// The photographs of a split; files need not be there.
  ///
  /// - Throws: `InputError` where there is no such split, or it cannot be read.
  func entries(in folder: String, split: String?) throws -> [Dataset.Entry]
  /// The classes that labels 0, 1, … of the file at `path` stand for, `Dataset.void` for those that
  /// do not count; others stand for nothing. `nil` where labels are classes.
  func classTable(for path: String) -> [UInt16]?
  /// What a file of labels or scores for a photograph may be called, without its ending.
  func predictionNames(for entry: Dataset.Entry) -> [String]
}

extension DatasetLayout {
  /// Labels are classes, unless a layout says otherwise.
  public func classTable(for path: String) -> [UInt16]? { nil }

  /// As the photograph is called, unless a layout says otherwise.
  public func predictionNames(for entry: Dataset.Entry) -> [String] { [entry.name] }

  /// The classes that the labels of the file at `path` stand for; void stays void. O(N).
  ///
  /// - Throws: `InputError` naming the file, where one stands for nothing.
  func classes(of labels: LabelMap, path: String) throws -> LabelMap {
    guard let table = classTable(for: path) else { return labels }
    var classes = labels
    for (point, label) in labels.labels.enumerated() where label != Dataset.void {
      guard label < table.count else {
        throw InputError(
          .data, at: path,
          "has the label \(label) at \(labels.grid.position(of: point)), which the layout \(name) "
            + "does not have: expected 0…\(table.count - 1)",
          remedy: "check that it is the file that is meant; the layout is \(summary)")
      }
      classes.labels[point] = table[Int(label)]
    }
    return classes
  }

  /// Says that there is no such split.
  func missing(split: String?, in folder: String) -> InputError {
    let splits = ((try? splits(in: folder)) ?? []).joined(separator: ", ")
    return InputError(
      .noInput, at: folder,
      (split.map { "has no split '\($0)'" } ?? "has several splits, and none is named")
        + " in the layout \(name)",
      remedy: splits.isEmpty
        ? "the layout is \(summary)" : "there are \(splits)")
  }
}

/// All layouts.
public enum DatasetLayouts {
  /// In the order of help texts.
  public static let all: [any DatasetLayout] = [
    ListedLayout.voc, ListedLayout.vocAugmented, ListedLayout.pascalContext,
    ListedLayout.personPart, CityscapesLayout(), FolderPairLayout(),
  ]

  /// Their names, for messages and help texts.
  public static let names = all.map(\.name).joined(separator: ", ")

  /// The layout of that name.
  ///
  /// - Throws: `InputError` where there is none; it lists those that there are.
  public static func named(_ name: String) throws -> any DatasetLayout {
    guard let layout = all.first(where: { $0.name == name.lowercased() }) else {
      throw InputError(.usage, "there is no layout \(quoted(name))", remedy: "known are \(names)")
    }
    return layout
  }

  /// The layout that a folder has, by what it contains.
  ///
  /// - Parameters:
  ///   - folder: the data set's folder.
  ///   - split: a split that the layout must have; `nil` for any.
  /// - Throws: `InputError` where it is none, or several are possible.
  public static func detect(in folder: String, split: String?) throws -> any DatasetLayout {
    guard FolderListing.isFolder(folder) else {
      throw InputError(
        .noInput, at: folder, "is not a folder", remedy: "give the folder of a data set")
    }
    var present = all.filter { $0.isPresent(in: folder) }
    if present.count > 1, let split {
      present = present.filter { ((try? $0.splits(in: folder)) ?? []).contains(split) }
    }
    if present.count == 1 { return present[0] }
    guard present.isEmpty else {
      throw InputError(
        .usage, at: folder,
        "can be read as \(present.map(\.name).joined(separator: " or as "))",
        remedy: "say which with \(name: .datasetLayout)")
    }
    let inside = ["VOC2012", "VOCdevkit/VOC2012"].map { "\(folder)/\($0)" }
      .first(where: FolderListing.isFolder)
    throw InputError(
      .data, at: folder,
      "is not laid out like any data set that is known here"
        + (split.map { " to have a split '\($0)'" } ?? ""),
      remedy: inside.map { "did you mean \($0)?" }
        ?? all.map { "\($0.name): \($0.summary)" }.joined(separator: "; "))
  }
}
