import LatticeSupport

/// How a network's scores come to the size of the image: the last step, which is the caller's.
public enum ScoreResize: Sendable, Hashable {
  /// Bilinearly, straight to the image's size.
  case bilinear(BilinearResize.Corners)
  /// With aligned corners to `zoom` · (n − 1) + 1, of which the image's size is taken from an
  /// offset on: where padded pools have moved the first position outside the image.
  case zoomed(by: Int, croppedFrom: Int)

  /// What coincides in the scores and in the image.
  public var corners: BilinearResize.Corners {
    switch self {
    case .bilinear(let corners): corners
    case .zoomed: .aligned
    }
  }

  /// The scores at every pixel.
  ///
  /// - Parameters:
  ///   - scores: the network's output `scores`.
  ///   - height: rows of the network's input.
  ///   - width: columns of the network's input.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where the scores do not reach over the whole image.
  public func apply(
    to scores: Tensor, height: Int, width: Int, parallelism: Parallelism = .automatic
  ) throws -> Tensor {
    let size = TargetSize.fixed(.init(rows: height, columns: width))
    switch self {
    case .bilinear(let corners):
      return try BilinearResize(to: size, corners: corners)
        .output(for: [scores], parallelism: parallelism)
    case .zoomed(let zoom, let offset):
      let zoomed = ConvolutionGeometry.Extent(
        rows: zoom * (scores.shape.height - 1) + 1, columns: zoom * (scores.shape.width - 1) + 1)
      let all = try BilinearResize(to: .fixed(zoomed), corners: .aligned)
        .output(for: [scores], parallelism: parallelism)
      return try Crop(from: .init(offset), to: size).output(for: [all], parallelism: parallelism)
    }
  }
}
