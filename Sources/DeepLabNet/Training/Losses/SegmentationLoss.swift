import CKernels
import LatticeSupport

/// How scores and labels, which have different grids, become a loss.
public struct SegmentationLoss: Sendable, Hashable, Codable {
  /// Where the two are compared.
  public enum Grid: String, Sendable, Codable, CaseIterable {
    /// At the scores' positions, for which labels are picked: DeepLab v1 and v2.
    case scores
    /// At every pixel, for which scores are interpolated: DeepLab v3, Chen et al. (2017),
    /// arXiv:1706.05587, §4.1.
    case pixels
  }

  /// Where the two are compared.
  public var grid: Grid
  /// How the losses of labelled positions become one number.
  public var reduction: CrossEntropy.Reduction
  /// The label of pixels that do not count.
  public var ignored: UInt16

  /// - Parameters:
  ///   - grid: where scores and labels are compared.
  ///   - reduction: how the losses of labelled positions become one number.
  ///   - ignored: the label of pixels that do not count.
  public init(
    grid: Grid = .scores, reduction: CrossEntropy.Reduction = .mean, ignored: UInt16 = 255
  ) {
    self.grid = grid
    self.reduction = reduction
    self.ignored = ignored
  }

  /// Refuses what `value` cannot compute.
  ///
  /// - Throws: `InputError` where scores that lie elsewhere than at even steps from corner to
  ///   corner are to be interpolated to pixels: they would be trained at places from which they are
  ///   not taken.
  func check(_ resize: ScoreResize) throws {
    guard grid == .pixels, case .zoomed = resize else { return }
    throw InputError(
      .usage, at: "'loss.grid'",
      "is pixels, but the network's scores are zoomed and cropped to come to the image's size",
      remedy: "compare at the scores' positions: loss.grid=scores")
  }

  /// The loss and how it changes with the scores.
  ///
  /// - Parameters:
  ///   - scores: batch × height × width × classes.
  ///   - labels: one per pixel, on a grid of the image's size.
  ///   - resize: how the network's scores come to the image's size, which says where positions lie.
  ///   - weight: what the loss is multiplied by.
  ///   - group: the processes whose shares make up the batch; `nil` where there is one.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where a label is neither a class nor ignored.
  func value(
    of scores: Tensor, labels: LabelBatch, resize: ScoreResize, weight: Double,
    group: (any TrainingGroup)? = nil, parallelism: Parallelism
  ) throws -> (loss: Double, gradient: Tensor) {
    switch grid {
    case .scores:
      let picked = labels.sampled(
        height: scores.shape.height, width: scores.shape.width, resize: resize)
      return try CrossEntropy.gradient(
        of: scores, labels: picked, ignored: ignored, reduction: reduction, weight: weight,
        group: group, parallelism: parallelism)
    case .pixels:
      let layer = BilinearResize(
        height: labels.height, width: labels.width, corners: resize.corners)
      let whole = try layer.output(for: [scores], parallelism: parallelism)
      let (loss, slope) = try CrossEntropy.gradient(
        of: whole, labels: labels.labels, ignored: ignored, reduction: reduction, weight: weight,
        group: group, parallelism: parallelism)
      let back = try layer.backward(
        slope, inputs: [scores], output: whole, parameters: [], parallelism: parallelism)
      guard let slope = back.inputs[0] else {
        preconditionFailure("an interpolation has a gradient of its input")
      }
      return (loss, slope)
    }
  }
}
