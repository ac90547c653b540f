import Support
import Unaries

/// A network that looks at object proposals as a unary: the energies −log P of every class at every pixel of a
/// photograph, P the softmax of the aggregated scores.
public struct ProposalUnary: Unary {
  /// What scores the pixels.
  public let segmenter: ProposalSegmenter
  private let minimumProbability: Float
  private let parallelism: Parallelism

  /// - Parameters:
  ///   - segmenter: a network with its weights and a source of proposals.
  ///   - minimumProbability: smaller probabilities are raised to it before the logarithm; between 0 and 1.
  ///   - parallelism: the threads to use.
  public init(
    _ segmenter: ProposalSegmenter, minimumProbability: Float = 1e-5,
    parallelism: Parallelism = .automatic
  ) {
    self.segmenter = segmenter
    self.minimumProbability = minimumProbability
    self.parallelism = parallelism
  }

  /// Classes that are scored.
  public var labelCount: Int { segmenter.classCount }

  /// The energies of every class at every pixel of the scene's image.
  ///
  /// - Throws: `InputError` where the scene has no photograph, or as `ProposalSegmenter.scores` does.
  public func energies(for scene: Scene) throws -> EnergyField {
    let scores = try segmenter.scores(for: scene.photograph(), parallelism: parallelism)
    return try scores.energies(
      for: scene, minimumProbability: minimumProbability, parallelism: parallelism)
  }
}
