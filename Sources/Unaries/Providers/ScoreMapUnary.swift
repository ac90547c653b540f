import LatticeSupport

/// Energies from an array of scores: what a segmentation network writes.
///
/// The scores are those of one scene. Where they are on a coarser grid, as networks leave them,
/// they are upsampled linearly: logits before the softmax, probabilities before the logarithm.
public struct ScoreMapUnary: Unary {
  private let scores: ScoreMap
  private let conversion: ScoreConversion
  private let alignCorners: Bool

  /// - Parameters:
  ///   - scores: L labels on a grid of one axis or more; (L, H, W) or (H, W, L) for an image.
  ///   - kind: what the numbers mean. Energies are passed on unchanged. Logits of −∞ and energies
  ///     of +∞ rule a label out, wherever an upsampled point depends on one.
  ///   - layout: the order of the axes.
  ///   - normalizes: whether probabilities of each point are divided by their sum first, negative
  ///     ones taken for 0: 8-bit maps, counts, class activation maps. Where all are 0, labels are
  ///     equally likely.
  ///   - minimumProbability: smaller probabilities are raised to it before the logarithm; between 0
  ///     and 1.
  ///   - alignCorners: how coarse scores are placed over the scene; see `Resampling.alignCorners`.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where an axis is missing or empty, a score is NaN or infinite
  ///   otherwise, all labels of a point are ruled out, or probabilities lie outside 0…1 or do not
  ///   sum to 1 somewhere; it names the label and the position.
  /// - Complexity: O(N·L) for scores of N points.
  public init(
    _ scores: NumericArray, kind: ScoreKind, layout: ChannelLayout, normalizes: Bool = false,
    minimumProbability: Float = 1e-5, alignCorners: Bool = false,
    parallelism: Parallelism = .automatic
  ) throws {
    conversion = try ScoreConversion(
      kind: kind, normalizes: normalizes, minimumProbability: minimumProbability,
      parallelism: parallelism)
    self.scores = try conversion.scores(scores, layout: layout)
    self.alignCorners = alignCorners
  }

  /// L.
  public var labelCount: Int { scores.form.labelCount }

  /// The grid of the scores themselves.
  public var nativeGrid: GridShape { scores.form.grid }

  /// How the scores would be read on `grid`; `nil` where they have its size.
  ///
  /// - Throws: `InputError` where `grid` has another number of axes, a shorter one, or other
  ///   proportions than the scores; it names both sizes and the likely mistake.
  public func resampling(to grid: GridShape) throws -> Resampling? {
    try scores.form.resampling(to: grid, alignCorners: alignCorners)
  }

  /// The energies over `scene.grid`; the scene's image is not looked at.
  ///
  /// - Throws: as `resampling(to:)`.
  /// - Complexity: O(N·L) for a scene of N points; no memory but the result's.
  public func energies(for scene: Scene) throws -> EnergyField {
    let reader = ScoreLineReader(scores, resampling: try resampling(to: scene.grid))
    return conversion.energies(reader, over: scene.grid, labelCount: labelCount)
  }
}
