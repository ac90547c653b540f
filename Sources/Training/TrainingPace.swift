import DeepLabNet

/// How far a training has come, how fast it is, and what its losses were.
public struct TrainingPace {
  /// Steps in all.
  public let total: Int
  /// Steps done.
  public private(set) var done: Int
  /// The learning rate of the last step.
  public private(set) var rate = 0.0
  private let imagesAStep: Int
  private let first: Int
  private let start = ContinuousClock.now
  /// Since the last line of the log.
  private var losses: [Double] = []
  private var lastLine = ContinuousClock.now
  /// How long validations took, how many there were, and how many there will be.
  private var paused = Duration.zero
  private var validations = 0
  private var validationsLeft = 0

  init(_ total: Int, done: Int, imagesAStep: Int) {
    self.total = total
    self.done = done
    self.imagesAStep = imagesAStep
    first = done
  }

  /// Counts a step.
  mutating func add(_ report: Trainer.Report) {
    done += 1
    losses.append(report.loss)
    rate = report.rate
  }

  /// The mean since the last line of the log.
  public var meanLoss: Double { losses.reduce(0, +) / Double(max(1, losses.count)) }

  /// Images that are learnt from in a second, but for validations.
  public var imagesPerSecond: Double { stepsPerSecond * Double(imagesAStep) }

  /// How long the rest will take, validations included.
  public var secondsLeft: Double {
    Double(total - done) / stepsPerSecond
      + Double(validationsLeft) * Self.seconds(paused) / Double(max(1, validations))
  }

  private var stepsPerSecond: Double {
    Double(done - first) / max(Self.seconds(ContinuousClock.now - start - paused), 1e-9)
  }

  /// Leaves the time that `body` takes out of the speed of steps.
  ///
  /// - Parameter left: how often there will be such work after this one.
  mutating func validating<Result>(left: Int, _ body: () throws -> Result) rethrows -> Result {
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

  /// What the log says, over the steps since its last line.
  mutating func line() -> TrainingLog.Line {
    let now = ContinuousClock.now
    let seconds = max(Self.seconds(now - lastLine), 1e-9)
    defer {
      losses.removeAll()
      lastLine = now
    }
    return TrainingLog.Line(
      step: done, loss: meanLoss, rate: rate,
      imagesPerSecond: Double(losses.count * imagesAStep) / seconds,
      seconds: Self.seconds(now - start))
  }

  private static func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }
}
