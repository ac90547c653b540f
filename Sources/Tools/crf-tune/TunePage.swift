import Evaluation
import Figures
import Formats
import LatticeSupport
import Pipeline
import ToolSupport
import Tuning
import Unaries

/// The page of `--report`: what a search came to, and what its best plan makes of the images.
struct TunePage {
  private let outcome: TuneOutcome
  private let plan: Plan
  private var settings: TuneSettings { outcome.settings }

  /// - Parameter plan: what is shown on images.
  init(_ outcome: TuneOutcome, plan: Plan) {
    self.outcome = outcome
    self.plan = plan
  }

  /// - Throws: `InputError` where an image cannot be read again or a figure cannot be drawn.
  var page: ReportPage {
    get throws {
      var page = ReportPage(title: "crf-tune: \(settings.folders.scores)")
      page.lines(TuneReport(outcome).text)
      page.section("The best plan")
      page.lines(plan.json.compactText)
      if let surface = SurfaceFigure(outcome) {
        page.section("The search")
        try page.figure(
          surface.heatMap.drawing,
          caption: "The objective over two settings, with the best of all others.")
      }
      if let learned = outcome.learned {
        page.section("Learning")
        try page.figure(
          LearnCurve(learned.outcome).drawing, caption: "Loss and mean IOU after each step.")
      }
      page.section("Classes")
      try page.figure(classes.drawing, caption: "The IOU of each class on the images tuned on.")
      try compared().add(to: &page, settings.palette)
      page.run(arguments: ["crf-tune"] + programArguments(), threads: settings.parallelism.threads)
      return page
    }
  }

  /// Without a CRF, as it was given, and the best.
  private var classes: BarChart {
    let rows =
      Array(outcome.search.tuned.prefix(3)) + (outcome.learned.map { [$0.tuned] } ?? [])
    let count = rows.first?.tally.whole.labelCount ?? 0
    return BarChart(
      title: "IOU of each class", axis: "IOU, %",
      groups: (0..<count).map { EvaluationTable.name(of: $0, in: settings.palette.names) },
      series: rows.map { row in
        BarChart.Series(
          row.title == "1." ? "the best" : row.title,
          row.tally.whole.intersectionsOverUnion.map { $0.map { 100 * $0 } })
      }, covering: 0...100)
  }

  /// The images before and after the best plan.
  private func compared() throws -> ComparedImages {
    var compared = ComparedImages()
    let prepared = try PreparedPlan(plan, context: .files)
    for image in settings.images {
      let sample = try image.load(settings.parallelism)
      guard sample.scene.grid.rank == 2 else { return ComparedImages() }
      let count = sample.energies.labelCount
      let before = sample.energies.labels(parallelism: settings.parallelism)
        .marking(sample.scene.mask, labelCount: count)
      let after = try prepared.run(
        sample.energies, over: sample.scene,
        RefinementRequest(parallelism: settings.parallelism)
      ).labels
      compared.add(
        try ImageComparison(
          name: image.name, over: sample.scene.image, before: before, after: after,
          truth: sample.truth, void: settings.void, labelCount: count, palette: settings.palette,
          most: ComparedImages.smallSide))
    }
    return compared
  }
}
