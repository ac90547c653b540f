import LatticeSupport
import Unaries

/// What scores every pixel of a photograph: a network with its way of looking at images.
public protocol PixelScorer: Sendable {
  /// Classes that are scored.
  var classCount: Int { get }

  /// The logits at every pixel: 1 × height × width × classes.
  ///
  /// - Parameters:
  ///   - image: a photograph of three channels.
  ///   - parallelism: the threads to use.
  ///   - progress: called with how much of how much is done.
  /// - Throws: `InputError` where the image cannot be scored.
  func scores(
    for image: Image, parallelism: Parallelism, progress: (_ done: Int, _ of: Int) -> Void
  ) throws -> Tensor
}

extension PixelScorer {
  /// The logits at every pixel, without word of the progress.
  public func scores(
    for image: Image, parallelism: Parallelism = .automatic
  ) throws -> Tensor {
    try scores(for: image, parallelism: parallelism) { _, _ in }
  }
}
