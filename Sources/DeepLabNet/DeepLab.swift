import Support
import Unaries

/// A segmentation network as a unary: the energies −log P of every class at every pixel of a photograph.
public struct DeepLab: Unary {
  /// What scores the pixels.
  public let segmenter: Segmenter
  private let minimumProbability: Float
  private let parallelism: Parallelism

  /// - Parameters:
  ///   - segmenter: a network with its weights.
  ///   - minimumProbability: smaller probabilities are raised to it before the logarithm; between 0 and 1.
  ///   - parallelism: the threads to use.
  public init(
    _ segmenter: Segmenter, minimumProbability: Float = 1e-5,
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
  /// - Throws: `InputError` where the scene has no photograph, or the network cannot take it.
  public func energies(for scene: Scene) throws -> EnergyField {
    try energies(
      of: segmenter.scores(for: scene.photograph(), parallelism: parallelism), for: scene)
  }

  /// The energies of scores that the network has given before: 1 × height × width × classes.
  ///
  /// - Throws: `InputError` where they are not of the scene's size, or not finite.
  public func energies(of scores: Tensor, for scene: Scene) throws -> EnergyField {
    try scores.energies(
      for: scene, minimumProbability: minimumProbability, parallelism: parallelism)
  }
}
