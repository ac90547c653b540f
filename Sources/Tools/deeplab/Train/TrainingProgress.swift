import DeepLabNet
import Foundation
import LatticeSupport
import ToolSupport

/// How far a training has come, on standard error: a line that changes on a terminal, else a line
/// every so often.
struct TrainingProgress {
  private let total: Int
  private let imagesAStep: Int
  private let isQuiet: Bool
  private let statusLine = StatusLine()
  private let start = ContinuousClock.now
  private let first: Int
  private var done: Int
  private var rate = 0.0
  /// Since the last line of the log.
  private var losses: [Double] = []
  private var lastLine = ContinuousClock.now
  private var lastShown = ContinuousClock.now
  /// Whether the cursor stands behind a line of the terminal.
  private var isLineOpen = false
  /// How long validations took, how many there were, and how many there will be.
  private var paused = Duration.zero
  private var validations = 0
  private var validationsLeft = 0

  /// Between lines where there is no terminal.
  private static let pause = Duration.seconds(10)

  init(_ total: Int, done: Int, imagesAStep: Int, isQuiet: Bool) {
    self.total = total
    self.done = done
    self.imagesAStep = imagesAStep
    self.isQuiet = isQuiet
    first = done
  }

  /// Counts a step.
  mutating func add(_ report: Trainer.Report) {
    done += 1
    losses.append(report.loss)
    rate = report.rate
    let now = ContinuousClock.now
    guard !isQuiet, statusLine.isTerminal || now - lastShown > Self.pause || done == total else {
      return
    }
    lastShown = now
    let mean = losses.reduce(0, +) / Double(losses.count)
    let seconds = (now - start - paused).seconds
    let speed = Double(done - first) / max(seconds, 1e-9)
    let validating = Double(validationsLeft) * paused.seconds / Double(max(1, validations))
    let text = String(
      format: "step %d/%d, loss %.4f, rate %.3g, %.2f images/s, %@ left", done, total, mean, rate,
      speed * Double(imagesAStep),
      Self.time(Double(total - done) / speed + validating))
    statusLine.show(text)
    isLineOpen = statusLine.isTerminal
  }

  /// Leaves the time that `body` takes out of the speed of steps.
  ///
  /// - Parameter left: how often there will be such work after this one.
  mutating func validating<Result>(left: Int, _ body: () throws -> Result) rethrows -> Result {
    end()
    let began = ContinuousClock.now
    defer {
      let spent = ContinuousClock.now - began
      paused += spent
      lastLine += spent
      validations += 1
      validationsLeft = left
    }
    return try body()
  }

  /// Says what came of a validation.
  func show(_ figures: TrainingValidation.Figures, of photographs: String) {
    guard !isQuiet else { return }
    StandardError.write(
      String(
        format: "step %d/%d, mean IOU %.2f %%, pixel accuracy %.2f %%, %@\n", done, total,
        100 * figures.meanIOU, 100 * figures.pixelAccuracy, photographs))
  }

  private static func time(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    return whole >= 3600
      ? String(format: "%d h %02d min", whole / 3600, whole / 60 % 60)
      : String(format: "%d:%02d", whole / 60, whole % 60)
  }

  /// What the log says, over the steps since its last line.
  mutating func line() -> TrainingLog.Line {
    let now = ContinuousClock.now
    let seconds = max((now - lastLine).seconds, 1e-9)
    defer {
      losses.removeAll()
      lastLine = now
    }
    return TrainingLog.Line(
      step: done, loss: losses.reduce(0, +) / Double(max(1, losses.count)), rate: rate,
      imagesPerSecond: Double(losses.count * imagesAStep) / seconds,
      seconds: (now - start).seconds)
  }

  /// Leaves the last state of the line on the terminal.
  mutating func end() {
    if isLineOpen { StandardError.write("\n") }
    isLineOpen = false
  }
}
