import ArgumentParser
import Conformance
import Foundation
import Laboratory
import LatticeSupport
import ToolSupport

/// `crf-lab check`: which promises kinds keep.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "See whether kinds keep what is promised of them.",
    discussion: """
      Tries kinds on points and scenes that are made for it. Filters: sums against all pairs by \
      dimensions and spread, the transpose, linearity, self weights, threads, no points, one, equal and \
      far ones, gradients. Kernels: features. Refinements and label filters: probabilities that sum to \
      1, labels that there are, reach, threads. Arrays that a description names are replaced by numbers.
      """)

  @Argument(
    help: ArgumentHelp(
      "Kinds to check, with settings or by name: grid:cell=0.5 guided. (default: every kind that is "
        + "registered)", valueName: "kind"))
  var kinds: [String] = []

  @OptionGroup var plugins: PluginOptions

  @Option(
    help: ArgumentHelp(
      "How far weighted means may be from those of all pairs, on average over points, for values in "
        + "0…1. (default: what each filter promises; nothing of plug-ins)", valueName: "error"))
  var accuracy: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Of filters: the numbers of features that points have. (default: 1-9)", valueName: "list"))
  var dimensions: String?

  @Flag(help: "Print one JSON object.") var json = false
  @Flag(help: "Print broken promises only.") var quiet = false

  func run() throws {
    if let accuracy, !(accuracy >= 0 && accuracy.isFinite) {
      throw InputError(
        .usage, at: "--accuracy", "is \(accuracy), but must be at least 0", remedy: "0.01, say")
    }
    let dimensions = try self.dimensions.map(Self.list) ?? Array(1...9)
    let texts = kinds.isEmpty ? KindCheck.known.map(\.name) : kinds
    let checks = try texts.map { text in
      let check = try KindCheck(text, accuracy: accuracy, dimensions: dimensions)
      if !json, !quiet || !check.isKept {
        try StandardOutput.print(CheckReport(check, onlyBroken: quiet).text)
      }
      return check
    }
    if json { try StandardOutput.print(json: checks.map { CheckJSON($0) }) }
    if !checks.allSatisfy(\.isKept) { throw ExitCode.failure }
  }

  /// `1,3-5`.
  private static func list(_ text: String) throws -> [Int] {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let ranges = parts.compactMap { part -> ClosedRange<Int>? in
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first >= 1,
        first <= last, last <= 255
      else { return nil }
      return first...last
    }
    guard ranges.count == parts.count else {
      throw InputError(
        .usage, at: "--dimensions", "is '\(text)', but must be numbers of features, 1…255",
        remedy: "as in 1,3-5")
    }
    return ranges.flatMap { Array($0) }
  }
}

/// What came of a check, for people.
struct CheckReport {
  private let check: KindCheck
  private let onlyBroken: Bool

  init(_ check: KindCheck, onlyBroken: Bool) {
    self.check = check
    self.onlyBroken = onlyBroken
  }

  /// More of what was found of one promise is in JSON.
  private static let shown = 3

  var text: String {
    let promises = check.report.promises.filter { !onlyBroken || !$0.isKept }
    let kept = check.report.promises.count { $0.isKept }
    let head =
      "\(check.noun) \(check.description): \(kept) of \(check.report.promises.count) promises kept"
    let lines = promises.flatMap { promise -> [String] in
      let rest = promise.found.count - Self.shown
      return [(promise.isKept ? "  kept    " : "  BROKEN  ") + promise.text]
        + promise.found.prefix(Self.shown).map { "            \($0)" }
        + (rest > 0 ? ["            … and \(rest) more"] : [])
    }
    return ([head] + lines + (onlyBroken ? [] : accuracies + refusals)).joined(separator: "\n")
  }

  private var accuracies: [String] {
    guard !check.accuracies.isEmpty else { return [] }
    let spreads = Conformance.spreads
    let dimensions = check.accuracies.reduce(into: [Int]()) {
      if $0.last != $1.dimensions { $0.append($1.dimensions) }
    }
    let rows = dimensions.map { d in
      let found = check.accuracies.filter { $0.dimensions == d }
      return ["\(d)"]
        + spreads.map { spread in
          found.first { $0.spread == spread }.map { String(format: "%.1e", $0.error) } ?? "–"
        } + [found.first?.promised.map { String(format: "%.1e", $0) } ?? "nothing"]
    }
    let head = ["features"] + spreads.map { "\($0) wide" } + ["promised"]
    return ["  mean error of weighted means, for points in cubes of so many bandwidths"]
      + TextColumns(head.map { _ in .right }, rows: [head] + rows).lines.map { "    \($0)" }
  }

  /// Each reason once.
  private var refusals: [String] {
    let reasons = check.refusals.reduce(into: [String]()) { reasons, refusal in
      if !reasons.contains(refusal.reason) { reasons.append(refusal.reason) }
    }
    return reasons.map { reason in
      let all = check.refusals.filter { $0.reason == reason }
      let others = all.count > 1 ? " and \(all.count - 1) more" : ""
      return "  refused \(all[0].features)\(others): \(reason)"
    }
  }
}

/// What came of a check, for programs.
struct CheckJSON: Encodable {
  struct Promise: Encodable {
    let promise: String
    let isKept: Bool
    let found: [String]
  }
  struct Accuracy: Encodable {
    let dimensions: Int
    let spread: Int
    let error: Double
    let promised: Double?
  }
  struct Refusal: Encodable {
    let features: String
    let reason: String
  }

  let noun: String
  let kind: String
  let isKept: Bool
  let promises: [Promise]
  let accuracies: [Accuracy]
  let refusals: [Refusal]

  init(_ check: KindCheck) {
    noun = check.noun
    kind = check.description
    isKept = check.isKept
    promises = check.report.promises.map {
      Promise(promise: $0.text, isKept: $0.isKept, found: $0.found)
    }
    accuracies = check.accuracies.map {
      Accuracy(
        dimensions: $0.dimensions, spread: $0.spread, error: $0.error, promised: $0.promised)
    }
    refusals = check.refusals.map { Refusal(features: $0.features, reason: $0.reason) }
  }
}
