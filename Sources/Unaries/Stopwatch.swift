/// How long each stage of the work on a scene took.
public struct Stopwatch: Sendable {
  /// The stages, in the order of reports.
  public enum Stage: String, CaseIterable, Sendable {
    /// Reading files.
    case read
    /// A network's scores.
    case network
    /// Energies from scores.
    case unary
    /// See `RefinementReport.Phase`.
    case filters, inference, energies
    /// Label filters.
    case labels
    /// Writing files.
    case write
  }

  private var durations: [Stage: Duration] = [:]

  /// Nothing was measured yet.
  public init() {}

  /// What `body` returns; the time that it takes is the stage's.
  public mutating func measure<Result>(
    _ stage: Stage, _ body: () throws -> Result
  ) rethrows -> Result {
    let start = ContinuousClock.now
    let result = try body()
    durations[stage, default: .zero] += ContinuousClock.now - start
    return result
  }

  /// Takes in what refinements say that they took.
  public mutating func add(_ reports: [RefinementReport]) {
    for (phase, seconds) in reports.flatMap(\.seconds) {
      let stage: Stage =
        switch phase {
        case .filters: .filters
        case .inference: .inference
        case .energies: .energies
        }
      add(seconds, to: stage)
    }
  }

  /// Takes in that a stage took so many seconds more.
  public mutating func add(_ seconds: Double, to stage: Stage) {
    durations[stage, default: .zero] += .seconds(seconds)
  }

  /// Takes in what other work took.
  public static func += (sum: inout Stopwatch, other: Stopwatch) {
    sum.durations.merge(other.durations, uniquingKeysWith: +)
  }

  /// The stages that took place, with milliseconds.
  public var milliseconds: [(stage: Stage, value: Double)] {
    Stage.allCases.compactMap { stage in durations[stage].map { (stage, $0 / .milliseconds(1)) } }
  }

  /// The same by the names of the stages.
  public var named: [String: Double] {
    Dictionary(uniqueKeysWithValues: milliseconds.map { ($0.stage.rawValue, $0.value) })
  }

  /// Milliseconds of all stages.
  public var total: Double { milliseconds.reduce(0) { $0 + $1.value } }
}
