import CKernels
import LatticeSupport
import Unaries

/// Scores that are, in every window, a linear function of the image: edges of the image become
/// edges of the scores.
///
/// He, Sun & Tang, "Guided image filtering", TPAMI 35 (2013), equations 11 to 16 (gray) and 19 to
/// 21 (colour), for guides of any number of channels; with `subsampling`, the fast filter of He &
/// Sun, arXiv:1505.00996. Windows are boxes along all axes of the grid. The cost of a point does
/// not depend on the radius. Levels of the image are divided by 255. Results can lie a little
/// outside of the range of the scores; a constant stays one, and so do sums over labels.
public struct GuidedFilter: ScoreFilter {
  /// r: windows have 2r + 1 points along every axis.
  public let radius: Int
  /// ε, in squared units of levels of 0…1: contrasts below √ε are smoothed away.
  public let epsilon: Double
  /// What counts beyond the border.
  public let border: WindowBorder
  /// Every how manieth point along each axis the function is fitted at; 1 for all.
  public let subsampling: Int

  /// The least ε: below it, rounding decides.
  public static let leastEpsilon = 1e-9

  /// - Parameters:
  ///   - radius: at least 1.
  ///   - epsilon: at least `leastEpsilon`, in squared units of levels of 0…1.
  ///   - border: what counts beyond the border.
  ///   - subsampling: at least 1; above it windows are clipped.
  public init(
    radius: Int, epsilon: Double, border: WindowBorder = .clip, subsampling: Int = 1
  ) {
    precondition(radius >= 1, "a radius of \(radius)")
    precondition(epsilon >= Self.leastEpsilon && epsilon.isFinite, "an epsilon of \(epsilon)")
    precondition(
      subsampling == 1 || subsampling > 1 && border == .clip,
      "a subsampling of \(subsampling), border \(border)")
    self.radius = radius
    self.epsilon = epsilon
    self.border = border
    self.subsampling = subsampling
  }

  /// What descriptions call it.
  public var name: String {
    "guided:radius=\(radius),epsilon=\(epsilon.shortText)"
      + (border == .clip ? "" : ",border=\(border.rawValue)")
      + (subsampling == 1 ? "" : ",subsample=\(subsampling)")
  }
  /// Means of means. Which points a subsampled grid has depends on the whole.
  public var reach: Reach { subsampling == 1 ? .steps(2 * radius) : .everywhere }
  /// It follows the image.
  public var needsImage: String? { Guide.need }
  /// Windows are of the points that count; which of them a subsampled grid has would be a matter of
  /// luck.
  public var leavesPointsOut: Bool { subsampling == 1 && border == .clip }

  /// The filtered scores; see `ScoreFilter`.
  ///
  /// - Throws: `InputError` where there is no image, or one of more than 64 channels.
  /// - Complexity: O(N·C·(L + C²)) for C channels, whatever the radius.
  public func filter(
    _ scores: consuming ChannelField, over scene: Scene, parallelism: Parallelism
  ) throws -> ChannelField {
    let guide = try Guide(scene, for: "a guided filter")
    try Self.check(channels: guide.channels)
    precondition(
      scores.points == guide.grid.count, "\(scores.points) scores on a grid of \(guide.grid)")
    let levels = guide.centered(parallelism: parallelism)
    if let mask = guide.mask {
      return MaskedLinearModel(
        levels, channels: guide.channels, mask: mask, radius: radius, epsilon: epsilon,
        parallelism: parallelism
      ).scores(scores)
    }
    guard subsampling > 1 else {
      return model(levels, guide.channels, guide.grid, parallelism)
        .scores(scores, parallelism: parallelism)
    }
    let reduction = GridReduction(guide.grid, by: subsampling)
    let small = reduction.reduced(levels, size: guide.channels)
    let model = LocalLinearModel(
      small, channels: guide.channels, grid: reduction.small,
      radius: max(1, (2 * radius + subsampling) / (2 * subsampling)), epsilon: epsilon,
      border: .clip, parallelism: parallelism)
    let means = model.means(reduction.reduced(scores), parallelism: parallelism)
    return reduction.enlarged(
      means, guide: levels, channels: guide.channels, labels: scores.channels,
      parallelism: parallelism)
  }

  /// The model of every point's window, where none is left out.
  func model(
    _ levels: [Float], _ channels: Int, _ grid: GridShape, _ parallelism: Parallelism
  ) -> LocalLinearModel {
    LocalLinearModel(
      levels, channels: channels, grid: grid, radius: radius, epsilon: epsilon, border: border,
      parallelism: parallelism)
  }

  /// - Throws: `InputError` where a guide has more channels than kernels take.
  static func check(channels: Int) throws {
    guard channels <= Int(CK_GUIDE_LIMIT) else {
      throw InputError(
        .data, "an image of \(channels) channels, but a guide can have \(CK_GUIDE_LIMIT)",
        remedy: "keep its principal components")
    }
  }
}

extension RefinementKind {
  /// Edges of the image become edges of the scores.
  public static let guided = RefinementKind(
    name: "guided", summary: "scores as linear functions of the image in small windows",
    settings: [
      Setting(
        "radius", .count(1...1024), "how far windows reach, in pixels", default: .count(8)),
      Setting(
        "epsilon", .number(.atLeast(GuidedFilter.leastEpsilon)),
        "squared contrast, of levels of 0 to 1, that is smoothed away", default: .number(1e-3)),
      Setting(
        "border", .choice(WindowBorder.allCases.map(\.rawValue)),
        "whether windows are clipped at the border, or the image reflected",
        default: .choice(WindowBorder.clip.rawValue)),
      Setting(
        "subsample", .count(1...64), "fit at every so many pixels along each axis only",
        default: .count(1)),
    ], example: "guided:radius=8,epsilon=0.001"
  ) { settings, _ in
    let border = settings.text("border").flatMap(WindowBorder.init) ?? .clip
    let subsampling = settings.count("subsample") ?? 1
    guard subsampling == 1 || border == .clip else {
      throw InputError(
        .usage, "'subsample=\(subsampling)' with 'border=\(border.rawValue)'",
        remedy: "windows of a reduced image are clipped: leave 'border=' out")
    }
    return GuidedFilter(
      radius: settings.count("radius") ?? 8, epsilon: settings.number("epsilon") ?? 1e-3,
      border: border, subsampling: subsampling)
  }
}
