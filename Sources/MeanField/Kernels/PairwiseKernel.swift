import Lattice
import LatticeSupport
import Unaries

/// A smoothness assumption: which points ought to share a label, as a Gaussian of some features.
public protocol PairwiseKernel: Sendable {
  /// The name that reports use, with the bandwidths.
  var name: String { get }

  /// The features of every point of `scene`, divided by the kernel's bandwidths.
  ///
  /// - Parameters:
  ///   - scene: the points, and what lies over them.
  ///   - parallelism: the threads to use; the features must not depend on their number.
  /// - Returns: N × d features.
  /// - Throws: `InputError` where the scene lacks what the kernel compares (no image, other
  ///   channels).
  func features(for scene: Scene, parallelism: Parallelism) throws -> FeatureMatrix
}

extension PairwiseKernel {
  /// The features of every point of `scene`, computed on all processors.
  public func features(for scene: Scene) throws -> FeatureMatrix {
    try features(for: scene, parallelism: .automatic)
  }
}
