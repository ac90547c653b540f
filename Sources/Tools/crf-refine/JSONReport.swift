import Evaluation
import Foundation
import LatticeSupport
import MeanField
import Pipeline
import ToolSupport
import Unaries

/// One JSON object on standard output.
struct JSONReport {
  let settings: Settings

  init(_ settings: Settings) { self.settings = settings }

  func print(_ outcome: Outcome) throws {
    try StandardOutput.print(
      json: JSONSingle(parameters: JSONParameters(settings), file: JSONFile(outcome, settings)))
  }

  func print(
    refined: [Outcome], _ run: FolderRun, evaluation: EvaluationCounts?, flicker: FlickerReport?
  ) throws {
    try StandardOutput.print(
      json: JSONFolder(
        parameters: JSONParameters(settings), files: refined.map { JSONFile($0, settings) },
        skipped: run.skipped, failed: run.failed, passedOver: run.passed,
        evaluation: evaluation.map { EvaluationSummary($0, names: settings.palette.names) },
        flicker: flicker, share: ShardReport(settings.shard, evaluation)))
  }
}

/// What is printed for one file: the parameters, and the file's own members beside them.
struct JSONSingle: Encodable {
  private struct Members: Encodable {
    var version = Version.current
    var parameters: JSONParameters
    var warnings = WarningReport.all.map(\.description)
  }

  let parameters: JSONParameters
  let file: JSONFile

  func encode(to encoder: any Encoder) throws {
    try Members(parameters: parameters).encode(to: encoder)
    try file.encode(to: encoder)
  }
}

/// What is printed for a folder.
struct JSONFolder: Encodable {
  var version = Version.current
  var parameters: JSONParameters
  var warnings = WarningReport.all.map(\.description)
  var files: [JSONFile]
  var skipped: [String]
  var failed: [FolderRun.Failure]
  /// Files beside the others, of kinds that are not meant.
  var passedOver: [String]
  var evaluation: EvaluationSummary?
  /// Absent unless the files are frames of a sequence.
  var flicker: FlickerReport?
  /// Absent unless these are a share of a folder's files.
  var share: ShardReport?
}

/// The parameters of a run: the plan, and how scores are read.
struct JSONParameters: Encodable {
  private let plan: Plan
  private let threads: Int
  private var network: NetworkReport?
  /// Absent where files or a network give the scores.
  private var scorer: String?
  /// The files of plug-ins; absent where there are none.
  private var plugins: [String]?
  private var unaryKind: String
  /// Absent unless several scores are merged.
  private var merge: String?
  private var layout: String?
  /// Absent unless asked for.
  private var binary: Bool?
  private var normalizeScores: Bool?
  private var labelMap: String?
  private var truthMap: String?
  /// Absent unless the files are frames of a sequence.
  private var sequence: SequenceParameters?

  private struct SequenceParameters: Encodable {
    let window: Int
    let overlap: Int
    /// Absent without flow.
    let flow: String?
  }

  init(_ settings: Settings) {
    plan = settings.plan.plan
    threads = settings.parallelism.threads
    network = settings.network.map { NetworkReport($0) }
    scorer = settings.scorer?.text
    let loaded = Plugins.loaded.compactMap(\.path)
    plugins = loaded.isEmpty ? nil : loaded
    unaryKind = settings.unary.kind.rawValue
    sequence = settings.sequence.map {
      SequenceParameters(
        window: $0.settings.window, overlap: $0.settings.overlap,
        flow: $0.flow?.direction.rawValue)
    }
    let unary = settings.unary
    if !settings.files.others.isEmpty {
      merge = MergeRule.allCases.first { $0.rule == unary.merging.rule }?.rawValue
    }
    binary = unary.isForeground ? true : nil
    normalizeScores = unary.normalizes ? true : nil
    labelMap = unary.labels.mapping?.name
    truthMap = settings.truth.mapping?.name
    if settings.network == nil, settings.scorer == nil, settings.unary.kind != .labels {
      layout = (settings.unary.order ?? .labelsFirst).word
    }
  }
}

/// One refined file.
struct JSONFile: Encodable {
  private struct Members: Encodable {
    /// Absent where a network scores the image.
    var unary: String?
    /// Scores that were merged with these; absent where there are none.
    var mergedWith: [String]?
    var image: String?
    /// The channels of the image.
    var channels: Int?
    /// Absent where the picture is stored upright.
    var orientation: JSONOrientation?
    var outputs: [String: String]
    /// The extents of the grid, slowest first: height and width.
    var size: [Int]
    var labels: Int
    /// Points that are left out; absent where there are none.
    var leftOut: Int?
    /// The extents of the scores' own grid.
    var scoresSize: [Int]
    var resampling: String?
    /// What the refinements say of themselves: beside the other members where there is one.
    var steps: [RefinementReport]?
    var milliseconds: [String: Double]
    /// 0…1.
    var changedShare: Double
    var tiles: JSONTiles?
    var evaluation: EvaluationSummary?

    init(_ outcome: Outcome, _ settings: Settings) {
      let job = outcome.job
      unary = settings.network == nil && settings.scorer == nil ? job.subject : nil
      mergedWith = job.others.isEmpty ? nil : job.others
      image = job.image
      channels = outcome.image?.channels
      orientation = outcome.image?.orientation.map { JSONOrientation($0) }
      outputs = [
        "labels": job.labels, "marginals": job.marginals, "overlay": job.overlay,
        "overlay_before": job.overlayBefore,
      ].compactMapValues { $0 }
      size = outcome.grid.extents
      labels = outcome.labelCount
      leftOut = outcome.leftOut > 0 ? outcome.leftOut : nil
      scoresSize = outcome.unary.grid.extents
      resampling = outcome.unary.resampling?.description
      milliseconds = outcome.stopwatch.named
      changedShare = outcome.changedShare
      tiles = outcome.tiles.map { JSONTiles($0) }
      evaluation = outcome.evaluation.map { EvaluationSummary($0, names: settings.palette.names) }
      steps = outcome.reports.count == 1 ? nil : outcome.reports
    }
  }

  private let members: Members
  /// What the only refinement says of itself, beside the other members.
  private let only: RefinementReport?

  init(_ outcome: Outcome, _ settings: Settings) {
    members = Members(outcome, settings)
    only = outcome.reports.count == 1 ? outcome.reports[0] : nil
  }

  func encode(to encoder: any Encoder) throws {
    try members.encode(to: encoder)
    try only?.encode(to: encoder)
  }
}

/// How an image was cut into tiles, and how much they disagree beside their seams.
struct JSONTiles: Encodable {
  /// The extents of a tile: height and width.
  var size: [Int]
  /// The rows and columns that neighbours share, at least.
  var overlap: Int
  var rows: Int
  var columns: Int
  var seamPixels: Int
  /// Of a marginal.
  var largestSeamDifference: Float
  /// Over the seams' pixels, of the largest difference of each one's marginals.
  var meanSeamDifference: Double
  /// The share of the seams' pixels whose labels differ, 0…1.
  var unlikeSeamShare: Double

  init(_ report: TileReport) {
    size = [report.size.height, report.size.width]
    overlap = report.overlap
    rows = report.rows
    columns = report.columns
    seamPixels = report.seams.pixels
    largestSeamDifference = report.seams.largestDifference
    meanSeamDifference = report.seams.meanDifference
    unlikeSeamShare = report.seams.unlikeShare
  }
}
