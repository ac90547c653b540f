import Evaluation
import Formats
import Pipeline
import ToolSupport
import Unaries

/// What one refinement did, for reports.
struct Outcome {
  var job: Job
  var grid: GridShape
  var image: ImageSummary?
  var labelCount: Int
  var unary: ScoreSummary
  /// Points that are left out.
  var leftOut = 0
  /// What each refinement says of itself, over all tiles together.
  var reports: [RefinementReport] = []
  /// The share of points whose label is another than before, 0…1.
  var changedShare = 0.0
  var evaluation: EvaluationCounts?
  /// How the image was cut; `nil` where it was not to be.
  var tiles: TileReport?
  /// Its pictures in small, where they are asked for.
  var comparison: ImageComparison?
  var stopwatch = Stopwatch()

  /// Takes in what the plan came to over the whole scene, or over one tile of it.
  mutating func add(_ result: PreparedPlan.Result) {
    let parts = result.reports
    stopwatch.add(parts)
    if let seconds = result.labelSeconds { stopwatch.add(seconds, to: .labels) }
    if reports.isEmpty {
      reports = parts
    } else {
      for (index, part) in parts.enumerated() { reports[index].add(part) }
    }
  }
}

/// How an image was cut into tiles, and what that cost.
struct TileReport {
  /// Of a tile.
  var size: TileSize
  /// The rows and columns that neighbours share, at least.
  var overlap: Int
  var rows: Int
  var columns: Int
  var seams: SeamMeter.Figures

  init(_ plan: TilePlan, _ settings: Tiling, seams: SeamMeter.Figures = .init()) {
    size = plan.size
    overlap = settings.overlap
    rows = plan.rows
    columns = plan.columns
    self.seams = seams
  }
}

/// What an image was, without its pixels.
struct ImageSummary {
  var channels: Int
  /// The least and the largest value, where they are not those of a photograph: what bandwidths of
  /// colour have to be compared with.
  var range: ClosedRange<Float>?
  /// How it was taken where it is not stored upright.
  var orientation: OrientationUse?

  init(_ image: Image, _ orientation: OrientationUse? = nil) {
    self.orientation = orientation
    channels = image.channels
    guard case .floats(let values) = image.pixels, let first = values.first else { return }
    let (least, most) = values.reduce(into: (first, first)) { range, value in
      range = (min(range.0, value), max(range.1, value))
    }
    range = least...most
  }

  /// Takes in what another part of the same image was.
  mutating func add(_ part: ImageSummary) {
    guard let other = part.range else { return }
    range =
      range.map {
        min($0.lowerBound, other.lowerBound)...max($0.upperBound, other.upperBound)
      } ?? other
  }
}
