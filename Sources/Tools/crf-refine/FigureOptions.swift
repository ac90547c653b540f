import ArgumentParser
import Figures
import LatticeSupport
import Pipeline
import ToolSupport
import Unaries

/// What is drawn of a run.
struct FigureOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A figure of image, labels before and after, truth where there is one, and changed pixels: "
        + ".png, .svg or .pdf. For folders, of all images together.", valueName: "file"))
  var comparison: String?

  @Option(
    help: ArgumentHelp(
      "A figure of scores and beliefs of a class after 0, 1, 2, 4, 10 … updates, as figure 5 of "
        + "arXiv:1606.00915: .png, .svg or .pdf. Needs the memory of as many marginals.",
      valueName: "file"))
  var iterationsFigure: String?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A class of --iterations-figure, by name or number; may be repeated. (default: the two that "
        + "change most)", valueName: "class"))
  var iterationsClass: [String] = []

  @Option(
    help: ArgumentHelp(
      "A page of the run with numbers, figures, the worst and the best images and the command: "
        + ".html, in one file.", valueName: "file"))
  var report: String?
}

/// The same, checked.
struct FigureSettings {
  let comparison: String?
  let iterations: String?
  /// As they are named.
  let classes: [String]
  let report: String?

  /// - Throws: `InputError` where a figure cannot be drawn or written so.
  init(_ options: FigureOptions, isTiled: Bool, isFolder: Bool, plan: PlanSettings) throws {
    comparison = options.comparison
    iterations = options.iterationsFigure
    classes = options.iterationsClass
    report = options.report
    try OptionCheck.refuse(
      [
        "--comparison": isTiled && comparison != nil,
        "--iterations-figure": isTiled && iterations != nil,
        "--report": isTiled && report != nil,
      ], because: "shows whole images, which --tile never holds",
      remedy: "leave it out, or leave --tile out")
    try OptionCheck.refuse(
      ["--iterations-class": !classes.isEmpty && iterations == nil],
      because: "says what --iterations-figure shows, but there is none",
      remedy: "add --iterations-figure FILE, or leave it out")
    if let iterations {
      try OptionCheck.refuse(
        ["--iterations-figure": isFolder], because: "shows one image, but a folder is refined",
        remedy: "refine one file, or leave it out")
      try OptionCheck.refuse(
        ["--iterations-figure": plan.models.isEmpty],
        because: "shows the updates of a CRF, but the plan has none",
        remedy: "add a step: --step crf, or leave it out")
      try Drawing.check(iterations)
    }
    if let comparison { try Drawing.check(comparison) }
    if let report { try ReportPage.check(report) }
  }

  /// Every file that is written.
  var files: [String] { [comparison, iterations, report].compactMap { $0 } }

  /// Whether pictures of each image are to be kept.
  var comparesImages: Bool { comparison != nil || report != nil }
}
