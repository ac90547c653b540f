import Foundation
import Unaries

/// How long each stage of a refinement took.
package struct Stopwatch {
  /// The stages, in the order of reports.
  package enum Stage: String, CaseIterable {
    case read, network, unary, filters, inference, energies, write
  }

  private var durations: [Stage: Duration] = [:]

  package init() {}

  package mutating func measure<Result>(
    _ stage: Stage, _ body: () throws -> Result
  ) rethrows -> Result {
    let start = ContinuousClock.now
    let result = try body()
    durations[stage, default: .zero] += ContinuousClock.now - start
    return result
  }

  /// The same for a stage that uses `value` up, so that its memory is free when the stage ends.
  package mutating func measure<Value, Result>(
    _ stage: Stage, consuming value: consuming Value, _ body: (consuming Value) -> Result
  ) -> Result {
    let start = ContinuousClock.now
    let result = body(value)
    durations[stage, default: .zero] += ContinuousClock.now - start
    return result
  }

  /// Takes in what refinements say that they took.
  package mutating func add(_ reports: [RefinementReport]) {
    for (phase, seconds) in reports.flatMap(\.seconds) {
      let stage: Stage =
        switch phase {
        case .filters: .filters
        case .inference: .inference
        case .energies: .energies
        }
      durations[stage, default: .zero] += .seconds(seconds)
    }
  }

  /// The stages that took place, with milliseconds.
  package var milliseconds: [(stage: Stage, value: Double)] {
    Stage.allCases.compactMap { stage in durations[stage].map { (stage, $0 / .milliseconds(1)) } }
  }

  /// The same by the names of the stages.
  package var named: [String: Double] {
    Dictionary(uniqueKeysWithValues: milliseconds.map { ($0.stage.rawValue, $0.value) })
  }

  package var total: Double { milliseconds.reduce(0) { $0 + $1.value } }

  /// For people, in a line: the whole and each stage.
  package var line: String {
    let stages = milliseconds.map { $0.stage.rawValue + String(format: " %.0f", $0.value) }
    return "time     " + String(format: "%.0f ms: ", total) + stages.joined(separator: ", ")
  }
}
