import Evaluation
import Figures
import Formats
import Foundation
import LatticeSupport
import Pipeline
import ToolSupport
import Unaries

/// What an evaluation came to: for people, as JSON, and as pictures.
struct EvaluateReport {
  static let jsonName = "evaluation.json"

  private let settings: EvaluateSettings
  private let network: NetworkReport?
  private let counts: EvaluationCounts
  private let orientations: OrientationCounts
  private let stopwatch: Stopwatch
  private let names: [String]

  init(
    _ settings: EvaluateSettings, _ network: NetworkReport?, _ outcome: DatasetEvaluation.Outcome
  ) throws {
    self.settings = settings
    self.network = network
    counts = outcome.counts
    orientations = OrientationCounts(outcome.orientations)
    stopwatch = outcome.times
    let given = settings.dataset.classNames ?? []
    names = (0..<counts.before.labelCount).map { $0 < given.count ? given[$0] : "\($0)" }
  }

  // MARK: For people

  var text: String {
    let dataset = settings.dataset
    var lines = [
      "data     \(settings.dataPath): \(dataset.count) photographs"
        + (dataset.split.map { " of \($0)" } ?? "") + ", layout \(dataset.layout.name)"
    ]
    if let turns = orientations.line { lines.append(turns) }
    switch settings.source {
    case .network: if let network { lines.append(network.lines) }
    case .scores(let folder): lines.append("scores   \(folder)")
    case .predictions(let folder): lines.append("labels   \(folder)")
    }
    if let plan = settings.plan { lines += plan.lines() }
    lines.append(stopwatch.line)
    lines.append(
      EvaluationTable(
        counts, names: settings.dataset.classNames ?? [], isDetailed: true, areBandsThinned: true
      ).text)
    if let note = absenceNote { lines.append(note) }
    return lines.joined(separator: "\n")
  }

  private var absence: AbsenceReport { AbsenceReport(counts, names: names) }

  private var absenceNote: String? {
    let absence = absence
    guard !absence.classes.isEmpty else { return nil }
    let mean = 100 * (absence.meanIouCountingThemAsZero ?? 0)
    let classes = absence.classes.joined(separator: ", ")
    return
      "absent   \(classes): neither in the truth nor in the labels, and left out of means; counted as 0, the mean IOU would be "
      + String(format: "%.2f", mean)
  }

  // MARK: As JSON

  struct Object: Encodable {
    struct Data: Encodable {
      var folder: String
      var layout: String
      var split: String?
      var images: Int
      /// Of photographs that are not stored upright; absent where all are.
      var orientations: OrientationCounts?
    }

    var version = Version.current
    var warnings = WarningReport.all.map(\.description)
    var data: Data
    var network: NetworkReport?
    var scores: String?
    var predictions: String?
    var plan: Plan?
    var trimapBoundary: String?
    var threads: Int
    var evaluation: EvaluationSummary
    var absent: AbsenceReport
    var confusion: ConfusionReport
    var milliseconds: [String: Double]
    /// Absent unless these are a share of the photographs.
    var share: ShardReport?
  }

  var json: Object {
    var object = Object(
      data: Object.Data(
        folder: settings.dataPath, layout: settings.dataset.layout.name,
        split: settings.dataset.split, images: settings.dataset.count,
        orientations: orientations.isEmpty ? nil : orientations),
      network: network, plan: settings.plan?.plan,
      trimapBoundary: settings.trimapWidth > 0 ? settings.boundary.rawValue : nil,
      threads: settings.parallelism.threads,
      evaluation: EvaluationSummary(counts, names: names),
      absent: absence, confusion: ConfusionReport(counts), milliseconds: stopwatch.named,
      share: ShardReport(settings.shard, counts))
    switch settings.source {
    case .network: break
    case .scores(let folder): object.scores = folder
    case .predictions(let folder): object.predictions = folder
    }
    return object
  }

  // MARK: As files

  /// Writes the object into a folder, which exists, and then the pictures: one that cannot be drawn
  /// must not cost the figures.
  ///
  /// - Throws: `InputError` where a file cannot be written.
  func write(to folder: String) throws {
    try Interruption.whileWriting { try JSONObject.write(json, to: "\(folder)/\(Self.jsonName)") }
    guard Drawing.isAvailable else { return Drawing.warnOfAbsence(at: folder) }
    if counts.bandsBefore != nil {
      try write(Drawing(of: EvaluationFigures.trimap(counts)), to: folder, as: "trimap.png")
    }
    guard counts.before.labelCount <= EvaluationFigures.mostConfusionClasses else {
      if !settings.isQuiet { StandardError.write("\(folder): \(confusionNote)\n") }
      return
    }
    try write(
      EvaluationFigures.classes(counts, names: names).drawing, to: folder, as: "classes.png")
    try write(
      EvaluationFigures.confusion(counts.before, names: names).drawing, to: folder,
      as: "confusion.png")
    if let after = counts.after {
      try write(
        EvaluationFigures.confusion(after, names: names, isRefined: true).drawing, to: folder,
        as: "confusion-refined.png")
    }
  }

  /// Writes the page of `--report`.
  ///
  /// - Throws: `InputError` where a figure cannot be drawn or the file cannot be written.
  func write(page path: String, _ images: ComparedImages) throws {
    var page = ReportPage(title: "deeplab evaluate: \(settings.dataPath)")
    page.lines(text)
    try page.add(counts, names: names)
    try settings.add(images, to: &page)
    page.run(arguments: ["deeplab"] + programArguments(), threads: settings.parallelism.threads)
    try Interruption.whileWriting { try page.write(to: path) }
  }

  private func write(_ drawing: Drawing, to folder: String, as name: String) throws {
    try Interruption.whileWriting { try drawing.write(to: "\(folder)/\(name)") }
  }

  private var confusionNote: String {
    "no picture of the confusion matrix of \(counts.before.labelCount) classes: more than "
      + "\(EvaluationFigures.mostConfusionClasses) cannot be told apart; \(Self.jsonName) has its counts"
  }
}
