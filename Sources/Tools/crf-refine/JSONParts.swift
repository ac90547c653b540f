import Evaluation
import MeanField
import ToolSupport
import Unaries

/// The parameters of a run: those of the CRF, and how scores are read beside them.
struct JSONParameters: Encodable {
  private let crf: JSONCRF
  private var network: NetworkReport?
  private var unaryKind: String
  private var layout: String?
  /// Absent unless asked for.
  private var binary: Bool?
  private var normalizeScores: Bool?
  private var labelMap: String?
  private var truthMap: String?

  init(_ settings: Settings) {
    crf = JSONCRF(settings.crf)
    network = settings.network.map { NetworkReport($0) }
    unaryKind = settings.unary.kind.rawValue
    let unary = settings.unary
    binary = unary.isBinary ? true : nil
    normalizeScores = unary.normalizes ? true : nil
    labelMap = unary.reading.mapping?.name
    truthMap = settings.truth.mapping?.name
    if settings.network == nil, settings.unary.kind != .labels {
      layout = (settings.unary.layout == .labelsFirst ? Layout.chw : .hwc).rawValue
    }
  }

  private enum CodingKeys: CodingKey {
    case network, unaryKind, layout, binary, normalizeScores, labelMap, truthMap
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(network, forKey: .network)
    try container.encode(unaryKind, forKey: .unaryKind)
    try container.encodeIfPresent(layout, forKey: .layout)
    try container.encodeIfPresent(binary, forKey: .binary)
    try container.encodeIfPresent(normalizeScores, forKey: .normalizeScores)
    try container.encodeIfPresent(labelMap, forKey: .labelMap)
    try container.encodeIfPresent(truthMap, forKey: .truthMap)
    try crf.encode(to: encoder)
  }
}

/// One refined file.
struct JSONFile: Encodable {
  /// Absent where a network scores the image.
  var unary: String?
  var image: String?
  /// The channels of the image.
  var channels: Int?
  /// Absent where the picture is stored upright.
  var orientation: JSONOrientation?
  var outputs: [String: String]
  /// The extents of the grid, slowest first: height and width.
  var size: [Int]
  var labels: Int
  /// The extents of the scores' own grid.
  var scoresSize: [Int]
  var resampling: String?
  var features: [JSONFeatures]?
  var iterations: Int
  var largestChange: Float?
  /// At the start and after each update; absent where tiles were refined one by one.
  var freeEnergy: [Double]?
  var milliseconds: [String: Double]
  /// 0…1.
  var changedShare: Double
  var exact: JSONExact?
  var tiles: JSONTiles?
  var evaluation: JSONEvaluation?

  init(_ outcome: Outcome, _ settings: Settings) {
    let job = outcome.job
    unary = settings.network == nil ? job.subject : nil
    image = job.image
    channels = outcome.image?.channels
    orientation = outcome.image?.orientation.map { JSONOrientation($0) }
    outputs = [
      "labels": job.labels, "marginals": job.marginals, "overlay": job.overlay,
      "overlay_before": job.overlayBefore,
    ].compactMapValues { $0 }
    size = outcome.grid.extents
    labels = outcome.labelCount
    scoresSize = outcome.unary.grid.extents
    resampling = outcome.unary.resampling?.description
    features = outcome.features.isEmpty ? nil : outcome.features.map { JSONFeatures($0) }
    iterations = outcome.iterations
    largestChange = outcome.largestChange
    freeEnergy = outcome.energies.isEmpty ? nil : outcome.energies.map(\.freeEnergy)
    milliseconds = outcome.stopwatch.named
    changedShare = outcome.changedShare
    exact = outcome.exact.map { JSONExact($0) }
    tiles = outcome.tiles.map { JSONTiles($0) }
    evaluation = outcome.evaluation.map { JSONEvaluation($0, names: settings.palette.names) }
  }
}

/// What the exact filter left out, and what that can change.
struct JSONExact: Encodable {
  var threshold: Double
  /// Bytes; absent where it was left to the filter.
  var memory: Int?
  var evaluatedShare: Double
  var massBound: Double
  var relativeMassBound: Double
  /// Of a marginal in one update.
  var updateErrorBound: Double
  /// Of the resulting marginals.
  var errorBound: Float

  init(_ report: ExactReport) {
    threshold = report.settings.threshold
    memory = report.settings.memory?.bytes
    evaluatedShare = report.skipped?.evaluatedShare ?? 1
    massBound = report.skipped?.massBound ?? 0
    relativeMassBound = report.skipped?.relativeMassBound ?? 0
    updateErrorBound = report.skipped?.updateErrorBound ?? 0
    errorBound = report.errorBound
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

/// What became of a kernel's features.
struct JSONFeatures: Encodable {
  var kernel: String
  var dimensions: Int
  var explainedVariance: Double?

  init(_ report: FeatureReport) {
    kernel = report.kernel
    dimensions = report.dimensions
    explainedVariance = report.explainedVariance
  }
}
