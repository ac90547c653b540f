import Evaluation
import Foundation
import LatticeSupport
import ToolSupport
import Unaries

/// A few lines for people.
struct HumanReport {
  let settings: Settings

  init(_ settings: Settings) { self.settings = settings }

  func text(of outcome: Outcome) -> String { lines(of: outcome).joined(separator: "\n") }

  /// The sums over a folder.
  func print(
    refined: [Outcome], _ run: FolderRun, evaluation: EvaluationCounts?, flicker: FlickerReport?
  ) throws {
    let milliseconds = refined.reduce(0) { $0 + $1.stopwatch.total }
    let changed = refined.reduce(0) { $0 + $1.changedShare } / Double(max(1, refined.count))
    var lines =
      [
        run.summary(refined.count, "refined")
      ] + settings.plan.lines() + [settings.sequence?.line].compactMap { $0 }
    if let turns = OrientationCounts(refined.compactMap { $0.image?.orientation }).line {
      lines.append(turns)
    }
    lines += [
      String(format: "time     %.1f s", milliseconds / 1000)
    ]
    if !refined.isEmpty {
      lines.append(String(format: "changed  %.2f %% of the pixels on average", 100 * changed))
    }
    if let flicker { lines.append(flicker.line) }
    if let evaluation {
      if !run.skipped.isEmpty { lines.append("truth    compared for the files refined now") }
      lines.append(EvaluationTable(evaluation, names: settings.palette.names).text)
    }
    try StandardOutput.print(lines.joined(separator: "\n"))
  }

  private func lines(of outcome: Outcome) -> [String] {
    var lines = [scores(outcome)]
    if outcome.leftOut > 0 {
      lines.append("left out \(outcome.leftOut) of \(outcome.grid.count) points (nodata or mask)")
    }
    if let path = outcome.job.image, let image = outcome.image {
      lines.append("image    \(FolderListing.name(of: path)): \(outcome.grid)\(Self.text(image))")
    }
    lines += settings.plan.lines(iterations: outcome.reports.compactMap(\.iterations).first)
    lines += outcome.reports.flatMap { $0.lines + $0.sceneLines }.map {
      Self.line($0.topic, $0.text)
    }
    lines += outcome.tiles.map { [Self.tiles($0)] } ?? []
    lines.append(outcome.stopwatch.line)
    lines.append(String(format: "changed  %.2f %% of the pixels", 100 * outcome.changedShare))
    if !outcome.job.plan.outputs.isEmpty {
      lines.append("wrote    " + outcome.job.plan.outputs.joined(separator: ", "))
    }
    if let evaluation = outcome.evaluation {
      lines.append(EvaluationTable(evaluation, names: settings.palette.names).text)
    }
    return lines
  }

  /// What is unlike a photograph.
  private static func text(_ image: ImageSummary) -> String {
    let channels = image.channels == 3 ? "" : ", channels \(image.channels)"
    let range = image.range.map { ", values \($0.lowerBound)…\($0.upperBound)" } ?? ""
    return channels + range + (image.orientation.map { ", \($0.text(in: .ofProgram))" } ?? "")
  }

  private func scores(_ outcome: Outcome) -> String {
    if let network = settings.network { return NetworkReport(network).lines }
    if let scorer = settings.scorer {
      return "scorer   \(scorer.text), \(outcome.labelCount) labels"
    }
    let name = ([outcome.job.subject] + outcome.job.others).map(FolderListing.name)
      .joined(separator: " + ")
    let kind = settings.unary.kind
    let content =
      kind == .labels
      ? "a map of \(outcome.labelCount) labels, \(outcome.unary.grid)"
      : "\(kind) of "
        + (settings.unary.isForeground ? "the foreground" : "\(outcome.labelCount) labels")
        + ", \(outcome.unary.grid)"
    let resampling = outcome.unary.resampling.map { "\n         \($0)" } ?? ""
    return "scores   \(name): \(content)\(resampling)"
  }

  private static func line(_ topic: String, _ text: String) -> String {
    topic.padding(toLength: max(8, topic.count), withPad: " ", startingAt: 0) + " " + text
  }

  private static func tiles(_ report: TileReport) -> String {
    let (seams, count) = (report.seams, "\(report.columns)×\(report.rows)")
    guard seams.pixels > 0 else { return "tiles    \(count) of \(report.size): not cut" }
    return String(
      format: """
        tiles    \(count) of \(report.size), overlapping by \(report.overlap)
                 beside the seams, the probabilities of two tiles differ by %.2g on average, by %.2g \
        at most;
                 on %.3g %% of these pixels their labels do
        """, seams.meanDifference, seams.largestDifference, 100 * seams.unlikeShare)
  }
}
