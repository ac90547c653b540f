import ArgumentParser
import Evaluation
import LatticeSupport
import Unaries

/// How a folder of labelled photographs is to be read.
package struct DatasetOptions: ParsableArguments {
  @Option(
    name: [.customLong("dataset-layout"), .customLong("layout")],
    help: ArgumentHelp(
      "How the data set's folder is laid out: \(DatasetLayouts.names). (default: seen from it)",
      valueName: "name"))
  package var layout: String?

  @Option(
    help: ArgumentHelp(
      "A folder of label maps, .png or .npy; the data set's folder holds the photographs then, and "
        + "both are matched by name.", valueName: "folder"))
  package var labelFolder: String?

  @Option(
    help: ArgumentHelp(
      "The names of the classes: \(ClassNames.knownNames), or a file with one name per line. (default: "
        + "\(ClassNames.fileName) in the data set's folder, else those of the layout)",
      valueName: "list"))
  package var classNames: String?

  @OptionGroup package var numbers: LabelMapOptions
  package var labelMap: String? { numbers.labelMap }

  package init() {}

  /// The layout that the options name; `nil` where they leave it to the folder.
  ///
  /// - Throws: `InputError` naming the option that cannot be followed.
  package func namedLayout() throws -> (any DatasetLayout)? {
    if let labelFolder {
      try OptionCheck.refuse(
        ["--dataset-layout": layout != nil], because: "is given, and so is --label-folder",
        remedy: "leave one of them out")
      return FolderPairLayout(labels: labelFolder)
    }
    return try layout.map { name in
      try OptionCheck.naming("--dataset-layout") { try DatasetLayouts.named(name) }
    }
  }

  /// The names of the classes that the options list; `nil` where they leave it to the folder.
  ///
  /// - Throws: `InputError` where the list cannot be read.
  package func listedClasses() throws -> [String]? {
    try classNames.map { name in
      try OptionCheck.naming("--class-names") { try ClassNames.named(name) }
    }
  }

  /// What `--label-map` says; `nil` where labels are what the layout says.
  ///
  /// - Throws: `InputError` where it cannot be understood.
  package func mapping() throws -> LabelMapping? {
    try LabelMapping(option: labelMap, void: Dataset.void)
  }

  /// The photographs of a split.
  ///
  /// - Parameters:
  ///   - path: the data set's folder.
  ///   - split: one of its splits; `nil` where there is only one.
  ///   - palette: what colours stand for, in labels that are colours.
  ///   - mapping: what numbers stand for; `nil` for what the layout says.
  /// - Throws: `InputError` as `Dataset.init` does.
  package func dataset(
    at path: String, split: String?, palette: Palette? = nil, mapping: LabelMapping?
  ) throws -> Dataset {
    try Dataset(
      at: path, layout: namedLayout(), split: split, classNames: listedClasses(),
      palette: palette, mapping: mapping)
  }
}
