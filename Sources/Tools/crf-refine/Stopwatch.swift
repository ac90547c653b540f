/// How long each stage of a refinement took.
struct Stopwatch {
  /// The stages, in the order of reports.
  enum Stage: String, CaseIterable {
    case read, unary, filters, inference, energies, write
  }

  private var durations: [Stage: Duration] = [:]

  mutating func measure<Result>(_ stage: Stage, _ body: () throws -> Result) rethrows -> Result {
    let start = ContinuousClock.now
    let result = try body()
    durations[stage, default: .zero] += ContinuousClock.now - start
    return result
  }

  /// The same for a stage that uses `value` up, so that its memory is free when the stage ends.
  mutating func measure<Value, Result>(
    _ stage: Stage, consuming value: consuming Value, _ body: (consuming Value) -> Result
  ) -> Result {
    let start = ContinuousClock.now
    let result = body(value)
    durations[stage, default: .zero] += ContinuousClock.now - start
    return result
  }

  /// The stages that took place, with milliseconds.
  var milliseconds: [(stage: Stage, value: Double)] {
    Stage.allCases.compactMap { stage in durations[stage].map { (stage, $0 / .milliseconds(1)) } }
  }

  var total: Double { milliseconds.reduce(0) { $0 + $1.value } }
}
