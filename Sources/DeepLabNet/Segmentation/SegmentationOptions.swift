import LatticeSupport

/// How an image is shown to a network, and what becomes of several views of it.
public struct SegmentationOptions: Sendable, Hashable {
  /// Factors by which the image is resized; the scores of all are fused by their maximum.
  public var scales: [Double] = [1]
  /// Whether every view is seen mirrored too; the scores of both are averaged.
  public var isFlipped = false
  /// Tiles in which large images are seen; `nil` for whole images.
  public var tiles: Tiling?
  /// One algorithm for all convolutions that it applies to; `nil` for each layer's fastest.
  public var algorithm: ConvolutionAlgorithm?

  /// One view of the whole image.
  public init() {}

  /// - Throws: `InputError` where there is no scale, or one makes no sense.
  package func check() throws {
    guard !scales.isEmpty, scales.allSatisfy({ $0 > 0 && $0 <= 8 }) else {
      throw InputError(
        .usage, "scales of \(scales)", remedy: "give at least one, each above 0 and at most 8")
    }
    guard Set(scales).count == scales.count else {
      throw InputError(.usage, "a scale is given twice in \(scales)", remedy: "give each once")
    }
  }
}
