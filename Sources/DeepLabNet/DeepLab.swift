import LatticeSupport
import Unaries

/// A segmentation network as a unary: the energies −log P of every class at every pixel of a
/// photograph.
public struct DeepLab: Unary {
  /// What scores the pixels.
  public let scorer: any PixelScorer
  private let minimumProbability: Float
  private let parallelism: Parallelism

  /// - Parameters:
  ///   - scorer: a network with its weights, such as a `Segmenter` or a `ProposalSegmenter`.
  ///   - minimumProbability: smaller probabilities are raised to it before the logarithm; between 0
  ///     and 1.
  ///   - parallelism: the threads to use.
  public init(
    _ scorer: any PixelScorer, minimumProbability: Float = 1e-5,
    parallelism: Parallelism = .automatic
  ) {
    self.scorer = scorer
    self.minimumProbability = minimumProbability
    self.parallelism = parallelism
  }

  /// Classes that are scored.
  public var labelCount: Int { scorer.classCount }

  /// The energies of every class at every pixel of the scene's image.
  ///
  /// - Throws: `InputError` where the scene has no photograph, or the network cannot take it.
  public func energies(for scene: Scene) throws -> EnergyField {
    try energies(
      of: scorer.scores(for: scene.photograph(), parallelism: parallelism), for: scene)
  }

  /// The energies of scores that the network has given before: 1 × height × width × classes.
  ///
  /// - Throws: `InputError` where they are not of the scene's size, or not finite.
  public func energies(of scores: Tensor, for scene: Scene) throws -> EnergyField {
    let array = try NumericArray(
      shape: [scores.shape.height, scores.shape.width, scores.shape.channels],
      values: scores.values())
    return try ScoreMapUnary(
      array, kind: .logits, layout: .channelsLast, minimumProbability: minimumProbability,
      parallelism: parallelism
    ).energies(for: scene)
  }
}

extension Scene {
  /// The scene's image.
  ///
  /// - Throws: `InputError` where there is none.
  fileprivate func photograph() throws -> Image {
    guard let image else {
      throw InputError(
        .data, "a scene without an image", remedy: "a network needs a photograph to score")
    }
    return image
  }
}
