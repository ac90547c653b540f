import LatticeSupport

/// One image, or tile, seen at all scales and mirrored: the mean of both mirror images, then the
/// maximum over scales.
///
/// Multi-scale inputs with max fusion: Chen et al. (2017), doi:10.1109/TPAMI.2017.2699184, §4.1.2.
/// The scores of every view are brought to the largest view's grid before they are fused, and to
/// the image's size after it.
struct ViewFusion {
  private let segmenter: Segmenter
  private let parallelism: Parallelism

  init(_ segmenter: Segmenter, _ parallelism: Parallelism) {
    self.segmenter = segmenter
    self.parallelism = parallelism
  }

  private var options: SegmentationOptions { segmenter.options }

  /// The logits at every pixel of `input`.
  func scores(for input: Tensor, progress: (_ done: Int, _ of: Int) -> Void) throws -> Tensor {
    let sizes = segmenter.entry.sizes
    let padded = input.padded(
      height: sizes.fitting(input.shape.height), width: sizes.fitting(input.shape.width))
    let count = options.scales.count * (options.isFlipped ? 2 : 1)
    var done = 0
    func score(_ view: Tensor) throws -> Tensor {
      let scores = try segmenter.nativeScores(view, parallelism: parallelism)
      done += 1
      progress(done, count)
      return scores
    }
    var fused: Tensor?
    for scale in options.scales.sorted(by: >) {
      let view = try resized(padded, by: scale)
      var scores = try score(view)
      if options.isFlipped {
        scores = scores.averaged(with: try score(view.mirrored()).mirrored())
      }
      fused =
        try fused.map {
          try ElementwiseMax().output(
            for: [$0, fit(scores, to: $0.shape)], parallelism: parallelism)
        } ?? scores
    }
    guard let fused else { preconditionFailure("no scale") }
    let whole = try segmenter.entry.resize.apply(
      to: fused, height: padded.shape.height, width: padded.shape.width, parallelism: parallelism)
    return whole.window(rows: 0..<input.shape.height, columns: 0..<input.shape.width)
  }

  /// The image at another scale. With aligned corners, n pixels become ⌊(n − 1) · scale⌋ + 1.
  private func resized(_ input: Tensor, by scale: Double) throws -> Tensor {
    guard scale != 1 else { return input }
    let sizes = segmenter.entry.sizes
    let layer: BilinearResize
    let corners = segmenter.entry.resize.corners
    switch (corners, sizes) {
    case (.halfPixel, .any):
      layer = BilinearResize(to: .scaled(by: scale), corners: corners)
    default:
      func length(_ given: Int) -> Int { sizes.fitting(Int(Double(given - 1) * scale) + 1) }
      layer = BilinearResize(
        height: length(input.shape.height), width: length(input.shape.width), corners: corners)
    }
    return try layer.output(for: [input], parallelism: parallelism)
  }

  /// Scores on the grid of another view's.
  private func fit(_ scores: Tensor, to shape: TensorShape) throws -> Tensor {
    guard scores.shape != shape else { return scores }
    return try BilinearResize(
      height: shape.height, width: shape.width, corners: segmenter.entry.resize.corners
    ).output(for: [scores], parallelism: parallelism)
  }
}

extension Tensor {
  fileprivate func averaged(with other: Tensor) -> Tensor {
    let mean = Tensor(uninitialized: shape)
    for index in 0..<shape.count { mean.base[index] = 0.5 * (base[index] + other.base[index]) }
    return mean
  }
}
