import Foundation
import LatticeSupport
import ToolSupport
import Tuning

/// What was learned, for people.
struct LearnReport {
  private let result: LearnResult
  private let hasHeldOut: Bool

  init(_ result: LearnResult) {
    self.result = result
    hasHeldOut = result.heldOut != nil
  }

  /// More numbers than a table is good for; the file has them.
  private static let shown = 24

  var text: String {
    [summary, table, remarks].filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private var summary: String {
    let outcome = result.outcome
    let taken = outcome.curve[outcome.taken]
    let points = result.options.points.map { " of at most \($0) pixels" } ?? ""
    func loss(_ figures: (LearningOutcome.Step) -> LearningOutcome.Figures?) -> String {
      guard let first = figures(outcome.curve[0]), let last = figures(taken) else { return "" }
      return String(format: "%.4f to %.4f", first.loss, last.loss)
    }
    return """
      learned  \(outcome.parameters.count) numbers (\(result.words)) by \
      \(result.options.sums.rawValue) sums on images\(points), \
      \(outcome.madeCount) evaluations in \(String(format: "%.1f", result.seconds)) s\
      \(outcome.foundCount > 0 ? ", \(outcome.foundCount) found in the state" : "")
      loss     from \(loss(\.training))\(hasHeldOut ? ", held out from " + loss(\.heldOut) : "")
      step     \(outcome.taken) of \(outcome.curve.count - 1): \(ending)
      """
  }

  private var ending: String {
    switch result.outcome.ending {
    case .converged: "the loss falls no further"
    case .iterations: "there are no more"
    case .heldOut: "after it, the images held out get worse"
    case .lineSearch: "no lower loss was found from there"
    }
  }

  private var table: String {
    let outcome = result.outcome
    let values = outcome.curve[outcome.taken].values
    let numbers = zip(outcome.parameters, values).prefix(Self.shown).map { parameter, value in
      [parameter.name, Self.text(parameter.start), Self.text(value)]
    }
    let rest = outcome.parameters.count - numbers.count
    return TextColumns([.left, .right, .right], rows: [["", "start", "learned"]] + numbers)
      .lines.joined(separator: "\n") + (rest > 0 ? "\n… and \(rest) more" : "")
  }

  private static func text(_ value: Double) -> String { String(format: "%.4g", value) }

  private var remarks: String {
    let outcome = result.outcome
    var remarks = outcome.narrow.map { narrow in
      "\(narrow.name) begins at \(Self.text(narrow.value)), but images made so small show no "
        + "bandwidth of positions below \(Self.text(narrow.least)): what is learned of its term may "
        + "not hold on whole images. Raise --learn-points, or learn weights with --learn-sums lattice."
    }
    let values = outcome.curve[outcome.taken].values
    for (parameter, value) in zip(outcome.parameters, values) {
      let (low, high) = (parameter.bounds.lowerBound, parameter.bounds.upperBound)
      // Of what lies between the bounds, a hundredth.
      let margin = 0.01 * (high - low)
      guard value - low < (parameter.isLogarithm ? 0.05 * low : margin) || high - value < margin
      else { continue }
      remarks.append(
        "\(parameter.name), \(Self.text(value)), lies at an end of what it may be: "
          + "\(Self.text(low))…\(Self.text(high)).")
    }
    return remarks.joined(separator: "\n")
  }
}
