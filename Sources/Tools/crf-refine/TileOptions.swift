import ArgumentParser
import LatticeSupport
import Pipeline
import ToolSupport

/// How images that are too large for memory are cut.
struct TileOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Refine the image in overlapping tiles of this size, such as 2048 or 2048x1024 (width x "
        + "height): memory is that of a tile and of a band of the image. How much tiles disagree "
        + "beside their seams is printed.", valueName: "size"))
  var tile: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "With --tile: the pixels that neighbouring tiles share at least; more makes seams fainter. "
        + "(default: twice as far as the plan reaches, which is three times the largest bandwidth of "
        + "positions for a CRF; at least \(Tiling.leastDefaultOverlap))", valueName: "pixels"))
  var overlap: Int?
}

extension Tiling {
  /// `nil` where no tiles are asked for.
  ///
  /// - Throws: `InputError` where an option cannot be followed, or the plan cannot be cut.
  init?(_ options: TileOptions, for plan: PreparedPlan) throws {
    guard let text = options.tile else {
      try OptionCheck.refuse(
        ["--overlap": options.overlap != nil],
        because: "says how far tiles overlap, but there are none",
        remedy: "add --tile SIZE, or leave it out")
      return nil
    }
    guard let pixels = PixelSize(argument: text) else {
      throw InputError(
        .usage, at: "--tile", "is '\(text)', which is not the size of a tile",
        remedy: "give pixels, as in 2048, or a width and a height, as in 2048x1024")
    }
    let size = TileSize(width: pixels.width, height: pixels.height)
    do {
      try self.init(size: size, overlap: options.overlap, reach: plan.reach)
    } catch let problem as Problem {
      throw Self.error(problem, size, plan, isChosen: options.overlap != nil)
    }
  }

  private static func error(
    _ problem: Problem, _ size: TileSize, _ plan: PreparedPlan, isChosen: Bool
  ) -> InputError {
    switch problem {
    case .reachesEverywhere:
      InputError(
        .usage, at: "--tile",
        "cannot be combined with \(plan.stepWithoutEnd ?? "this plan"): it compares pixels wherever "
          + "they are, and tiles would leave most of them out",
        remedy: "leave --tile or the step out")
    case .overlapTooSmall(let overlap):
      InputError(
        .usage, at: "--overlap", "is \(overlap), but must be at least \(leastOverlap)",
        remedy: "leave it out for twice as far as the plan reaches")
    case .overlapTooLarge(let overlap):
      InputError(
        .usage, at: isChosen ? "--overlap" : "--tile",
        "the overlap of \(overlap)\(isChosen ? "" : " (twice as far as the plan reaches)") is more "
          + "than half of a tile of \(size)",
        remedy: "give a tile of at least \(2 * overlap), or a smaller --overlap")
    }
  }
}
