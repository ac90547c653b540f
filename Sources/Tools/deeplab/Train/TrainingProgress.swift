import DeepLabNet
import Foundation
import Support
import ToolSupport

/// How far a training has come, on standard error: a line that changes on a terminal, else a line
/// every so often.
struct TrainingProgress {
  private let total: Int
  private let imagesAStep: Int
  private let isQuiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let start = ContinuousClock.now
  private let first: Int
  private var done: Int
  private var rate = 0.0
  /// Since the last line of the log.
  private var losses: [Double] = []
  private var lastLine = ContinuousClock.now
  private var lastShown = ContinuousClock.now

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
    guard !isQuiet, isTerminal || now - lastShown > Self.pause || done == total else { return }
    lastShown = now
    let mean = losses.reduce(0, +) / Double(losses.count)
    let seconds = (now - start).seconds
    let speed = Double(done - first) / max(seconds, 1e-9)
    let text = String(
      format: "step %d/%d, loss %.4f, rate %.3g, %.2f images/s, %@ left", done, total, mean, rate,
      speed * Double(imagesAStep), Self.time(Double(total - done) / speed))
    StandardError.write(isTerminal ? Progress.clearedLine + text : text + "\n")
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
  func end() {
    if isTerminal, !isQuiet, done > first { StandardError.write("\n") }
  }
}
