import Evaluation
import Figures
import Foundation
import LatticeSupport
import ToolSupport

/// The page of `--report`: what a refinement came to.
struct RefinePage {
  let settings: Settings
  let outcomes: [Outcome]
  /// Over all of them; `nil` without a truth.
  let evaluation: EvaluationCounts?
  let images: ComparedImages
  let failures: [FolderRun.Failure]
  /// Of a sequence.
  var flicker: FlickerReport?

  /// More rows than anybody reads.
  private static let mostListed = 200

  /// - Throws: `InputError` where a figure cannot be drawn or the page cannot be written.
  func write(to path: String) throws {
    let page = try page
    try Interruption.whileWriting { try page.write(to: path) }
  }

  private var page: ReportPage {
    get throws {
      var page = ReportPage(title: "crf-refine: \(FolderListing.name(of: settings.files.subject))")
      let seconds = outcomes.reduce(0) { $0 + $1.stopwatch.total } / 1000
      let changed = outcomes.reduce(0) { $0 + $1.changedShare } / Double(max(1, outcomes.count))
      page.facts(
        [
          ("images", "\(outcomes.count)" + (failures.isEmpty ? "" : ", \(failures.count) failed")),
          ("changed", String(format: "%.2f %% of the pixels on average", 100 * changed)),
          ("time", String(format: "%.1f s", seconds)),
        ] + (flicker.map { [("flicker", $0.text)] } ?? []))
      page.section("What was done to the scores")
      page.lines(settings.plan.lines().joined(separator: "\n"))
      if let evaluation {
        let names = settings.palette.names
        try page.add(
          evaluation,
          names: (0..<evaluation.before.labelCount).map { EvaluationTable.name(of: $0, in: names) })
      }
      try images.add(to: &page, settings.palette)
      if outcomes.count == 1 { try addEnergies(of: outcomes[0], to: &page) }
      page.section("Each file")
      let hasTruth = evaluation != nil
      page.table(
        head: ["file", "changed, %"] + (hasTruth ? ["mean IOU before, %", "after, %"] : []) + ["s"],
        rows: outcomes.prefix(Self.mostListed).map { row($0, hasTruth: hasTruth) })
      if outcomes.count > Self.mostListed {
        page.text("\(outcomes.count - Self.mostListed) more files are left out.")
      }
      if !failures.isEmpty {
        page.section("What failed")
        page.table(head: ["file", "error"], rows: failures.map { [$0.file, $0.error] })
      }
      page.run(
        arguments: ["crf-refine"] + programArguments(), threads: settings.parallelism.threads)
      return page
    }
  }

  /// How far each CRF has come, update by update.
  private func addEnergies(of outcome: Outcome, to page: inout ReportPage) throws {
    let curves = outcome.reports.enumerated().filter { !$1.freeEnergy.isEmpty }.map {
      LineChart.Series(
        "step \($0 + 1)", $1.freeEnergy.enumerated().map { (x: Double($0), y: $1) })
    }
    guard !curves.isEmpty else { return }
    page.section("Updates")
    try page.figure(
      LineChart(
        title: "Free energy", x: "updates", y: "free energy, nats", series: curves
      ).drawing, caption: "The free energy that mean field updates descend.")
  }

  private func row(_ outcome: Outcome, hasTruth: Bool) -> [String] {
    let figures = [
      outcome.evaluation?.before.meanIOU, outcome.evaluation?.after?.meanIOU,
    ].map(EvaluationTable.percent)
    return [
      FolderListing.name(of: outcome.job.subject),
      String(format: "%.2f", 100 * outcome.changedShare),
    ] + (hasTruth ? figures : []) + [String(format: "%.2f", outcome.stopwatch.total / 1000)]
  }
}
