import Figures
import Foundation
import LatticeSupport
import ToolSupport
import Training

/// How far a training has come, on standard error: a line that changes on a terminal, else a line
/// every so often; and the picture of it at the end.
final class TrainingProgress: TrainingObserver {
  private let folder: TrainingFolder
  private let isQuiet: Bool
  private let statusLine = StatusLine()
  private var lastShown = ContinuousClock.now
  /// Whether the cursor stands behind a line of the terminal.
  private var isLineOpen = false
  /// The search for examples, while it goes on.
  private var search: InferenceProgress?
  /// The photographs of a validation, while it goes on.
  private var photographs: ToolSupport.Progress?
  /// What the picture's charts are called: of the loss, and of the figures where there are some.
  private var titles: (model: String, validation: String?) = ("", nil)

  /// Between lines where there is no terminal.
  private static let pause = Duration.seconds(10)

  init(of folder: TrainingFolder, isQuiet: Bool) {
    self.folder = folder
    self.isQuiet = isQuiet
  }

  /// Says what is trained, and with what.
  func begins(_ run: TrainingRun) {
    search?.clear()
    let experiment = run.experiment
    titles = (experiment.model, run.validation?.summary)
    let lines = [
      "network  \(experiment.model), \(run.classes) classes", "weights  \(run.origin)",
      "data     \(experiment.data): \(run.images) photographs",
      OrientationCounts(run.orientations).line, run.exampleSummary.map { "examples " + $0 },
      "figures  \(run.validation.map { "mean IOU of " + $0.summary } ?? "the loss alone")",
      "steps    \(run.total) of \(run.imagesAStep) images"
        + (run.processes > 1 ? ", shared by \(run.processes) processes" : ""),
    ]
    if !isQuiet { StandardError.write(lines.compactMap { $0 }.joined(separator: "\n") + "\n") }
  }

  func searches(_ share: Double, for examples: ExampleKind) {
    guard !isQuiet else { return }
    let search = search ?? InferenceProgress(of: "the search for \(examples)")
    self.search = search
    search.show(share)
  }

  func steps(_ pace: TrainingPace) {
    let now = ContinuousClock.now
    guard !isQuiet,
      statusLine.isTerminal || now - lastShown > Self.pause || pace.done == pace.total
    else { return }
    lastShown = now
    statusLine.show(
      String(
        format: "step %d/%d, loss %.4f, rate %.3g, %.2f images/s, %@ left", pace.done, pace.total,
        pace.meanLoss, pace.rate, pace.imagesPerSecond, Self.time(pace.secondsLeft)))
    isLineOpen = statusLine.isTerminal
  }

  private static func time(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    return whole >= 3600
      ? String(format: "%d h %02d min", whole / 3600, whole / 60 % 60)
      : String(format: "%d:%02d", whole / 60, whole % 60)
  }

  func validates(_ done: Int, of photographs: Int) {
    pauses()
    // A line a photograph would drown those of the training in a file.
    guard !isQuiet, statusLine.isTerminal else { return }
    if done == 0 {
      self.photographs = ToolSupport.Progress(total: photographs, isQuiet: false)
    } else {
      self.photographs?.finish("", "")
    }
  }

  func validated(
    _ figures: TrainingValidation.Figures, at pace: TrainingPace, of photographs: String
  ) {
    self.photographs?.clear()
    guard !isQuiet else { return }
    StandardError.write(
      String(
        format: "step %d/%d, mean IOU %.2f %%, pixel accuracy %.2f %%, %@\n", pace.done,
        pace.total, 100 * figures.meanIOU, 100 * figures.pixelAccuracy, photographs))
  }

  func lacksFigures(at step: Int, because error: InputError) {
    photographs?.clear()
    StandardError.write("step \(step) has no figures: \(error.programText)\n")
  }

  /// Leaves the last state of the line on the terminal.
  func pauses() {
    if isLineOpen { StandardError.write("\n") }
    isLineOpen = false
  }

  func wrote(_ path: String) {
    if !isQuiet { StandardError.write("wrote    \(path)\n") }
  }

  /// The picture comes last: one that cannot be written must not cost the weights.
  func ends(_ log: TrainingLog) throws {
    let curve = TrainingCurve(
      model: titles.model, validation: titles.validation, lines: log.lines)
    guard Drawing.isAvailable else { return Drawing.warnOfAbsence(at: folder.curve) }
    if let drawing = curve.drawing { try drawing.write(to: folder.curve) }
  }
}

/// The picture of a training: its loss, and below it the mean IOU where it was measured.
struct TrainingCurve {
  let model: String
  /// The photographs that figures come from; `nil` where there are none.
  let validation: String?
  let lines: [TrainingLog.Line]

  /// `nil` where there are too few lines to draw.
  var drawing: Drawing? {
    let places = lines.map { Double($0.step) }
    guard lines.count > 1, let first = places.min(), let last = places.max() else { return nil }
    let steps = first...last
    func chart(_ title: String, _ figure: String, _ value: (TrainingLog.Line) -> Double?)
      -> LineChart
    {
      let points = lines.compactMap { line in value(line).map { (x: Double(line.step), y: $0) } }
      return LineChart(
        title: title, x: "steps", y: figure, series: [.init(figure, points)], covering: steps)
    }
    var charts = [chart(model, "loss") { $0.loss }]
    if let validation, lines.contains(where: { $0.meanIOU != nil }) {
      charts.append(chart(validation, "mean IOU, %") { $0.meanIOU.map { 100 * $0 } })
    }
    return Drawing(of: charts)
  }
}
