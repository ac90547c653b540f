import ArgumentParser
import Evaluation
import Foundation
import LatticeSupport
import ToolSupport
import Unaries

/// `deeplab dataset check`: what is wrong with a data set.
struct CheckDataset: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Find missing, unreadable, mis-sized and mislabelled files.",
    discussion: """
      Reads every photograph and its labels, names those that something is wrong with, and counts the \
      pixels of each class. --json prints a list with an object for each split. Exit status: 0 nothing is wrong; 65 something is. docs/datasets.md shows \
      layouts.
      """)

  @Argument(help: "The data set's folder.") var path: String
  @Option(
    help: ArgumentHelp(
      "A split, or a file with a photograph and its labels in each line. (default: all splits)",
      valueName: "split"))
  var split: String?
  @OptionGroup(title: "Data set") var options: DatasetOptions
  @OptionGroup(title: "Data set") var orientation: OrientationOptions
  @OptionGroup(title: "Run") var runOptions: DataRunOptions

  func run() throws {
    let parallelism = try runOptions.threads.parallelism()
    var reports: [DatasetReport] = []
    for var dataset in try datasets() {
      dataset.orientation = orientation.rule
      let files = "the files" + (dataset.split.map { " of \($0)" } ?? "")
      let progress = runOptions.quiet ? nil : InferenceProgress(of: files)
      let check = DatasetCheck(dataset, parallelism: parallelism) {
        progress?.show(Double($0) / Double(dataset.count))
      }
      progress?.clear()
      let report = DatasetReport(dataset, check, path: path)
      if !runOptions.json, !runOptions.quiet || !report.isSound {
        try StandardOutput.print(report.text)
      }
      reports.append(report)
    }
    if runOptions.json { try StandardOutput.print(json: reports.map(\.json)) }
    if reports.contains(where: { !$0.isSound }) {
      Foundation.exit(ErrorReport.code(of: InputError(.data, "")))
    }
  }

  /// One for each split.
  private func datasets() throws -> [Dataset] {
    let palette = try runOptions.palette.map { try Palette(option: $0) }
    let mapping = try options.mapping()
    if let split {
      return [
        try options.dataset(at: path, split: split, palette: palette, mapping: mapping)
      ]
    }
    let layout = try options.namedLayout() ?? DatasetLayouts.detect(in: path, split: nil)
    let classes = try options.listedClasses()
    let splits = try layout.splits(in: path)
    return try (splits.isEmpty ? [nil] : splits.map { $0 }).map {
      try Dataset(
        at: path, layout: layout, split: $0, classNames: classes, palette: palette,
        mapping: mapping)
    }
  }
}

/// What the check of one split found.
struct DatasetReport {
  private let dataset: Dataset
  private let check: DatasetCheck
  private let path: String

  init(_ dataset: Dataset, _ check: DatasetCheck, path: String) {
    self.dataset = dataset
    self.check = check
    self.path = path
  }

  var isSound: Bool { check.isSound }

  /// What the labels as a whole are like, where that is odd: a fault or not.
  private var remarks: [String] {
    guard let oddity = check.oddity else { return [] }
    let kind = check.fault == nil ? "note" : "single-class"
    let problem = oddity.problem(naming: dataset.classNames ?? [])
    return ["\(kind): \(path): \(problem); \(oddity.remedy.text(in: .ofProgram))"]
  }

  /// Labels in order: all classes, then whatever else occurs, void last.
  private var labels: [UInt16] {
    let classes = dataset.classNames.map { $0.indices.map { UInt16($0) } } ?? []
    let others = check.occurrences.keys.filter { $0 >= classes.count && $0 != Dataset.void }
    return classes + others.sorted()
      + (check.occurrences[Dataset.void] == nil ? [] : [Dataset.void])
  }

  private func name(of label: UInt16) -> String {
    if label == Dataset.void { return "void" }
    let names = dataset.classNames ?? []
    return label < names.count ? names[Int(label)] : dataset.classNames == nil ? "" : "no class"
  }

  var text: String {
    let total = check.occurrences.values.reduce(0) { $0 + $1.pixels }
    let rows =
      [["label", "class", "pixels", "share", "photographs"]]
      + labels.map { label in
        let occurrence = check.occurrences[label]
        let share = 100 * Double(occurrence?.pixels ?? 0) / Double(max(1, total))
        return [
          "\(label)", name(of: label), "\(occurrence?.pixels ?? 0)",
          String(format: "%.2f %%", share), "\(occurrence?.images ?? 0)",
        ]
      }
    let table = TextColumns([.right, .left, .right, .right, .right], rows: rows).lines
    let faults = DatasetCheck.Fault.allCases.compactMap { fault in
      let count = check.problems.count { $0.fault == fault }
      return count == 0 ? nil : "\(count) \(fault.rawValue)"
    }
    let head =
      "\(path)" + (dataset.split.map { ", split \($0)" } ?? "")
      + ", layout \(dataset.layout.name): \(dataset.count) photographs, \(check.soundCount) sound"
      + (faults.isEmpty ? "" : "; " + faults.joined(separator: ", "))
    let unnamed =
      dataset.classNames == nil
      ? ["no list of classes: labels were counted, not checked (--class-names LIST)"] : []
    let turns = check.orientations.map { "\($0.path): \($0.use.text(in: .ofProgram))" }
    return
      ([head] + unnamed + remarks + turns
      + check.problems.map { "\($0.fault.rawValue): \($0.path): \($0.text(in: .ofProgram))" }
      + table.map { "  " + $0 }).joined(separator: "\n")
  }

  // MARK: As JSON

  struct Object: Encodable {
    struct Problem: Encodable {
      var fault: String
      var file: String
      var text: String
    }

    struct Turn: Encodable {
      var file: String
      var orientation: JSONOrientation
    }

    struct Label: Encodable {
      var label: UInt16
      var name: String
      var pixels: Int
      var images: Int
    }

    var folder: String
    var layout: String
    var split: String?
    var images: Int
    var sound: Int
    var problems: [Problem]
    /// Of the labels as a whole.
    var remarks: [String]
    /// How photographs are taken that are not stored upright and have no fault for it.
    var orientations: [Turn]
    var labels: [Label]
  }

  var json: Object {
    Object(
      folder: path, layout: dataset.layout.name, split: dataset.split, images: dataset.count,
      sound: check.soundCount,
      problems: check.problems.map {
        Object.Problem(fault: $0.fault.rawValue, file: $0.path, text: $0.text(in: .ofProgram))
      },
      remarks: remarks,
      orientations: check.orientations.map {
        Object.Turn(file: $0.path, orientation: JSONOrientation($0.use))
      },
      labels: labels.map {
        Object.Label(
          label: $0, name: name(of: $0), pixels: check.occurrences[$0]?.pixels ?? 0,
          images: check.occurrences[$0]?.images ?? 0)
      })
  }
}

/// `deeplab dataset`: folders of labelled photographs.
struct DatasetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset", abstract: "Look at folders of labelled photographs.",
    subcommands: [CheckDataset.self])
}
