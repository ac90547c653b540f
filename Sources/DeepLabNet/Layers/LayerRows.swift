import CKernels
import LatticeSupport

/// How layers cut their work: by the size of the tensors, so that results do not depend on threads.
extension Parallelism {
  /// Values in a piece of work: a quarter of a second-level cache.
  private static let pieceSize = 1 << 16
  /// Channels in a piece of work that takes some channels of a whole image: a cache line.
  private static let channelGrain = 16

  /// Positions in a piece of work.
  private static func grain(of shape: TensorShape) -> Int { max(1, pieceSize / shape.channels) }

  /// Calls `body` for ranges that cover `0..<count` values.
  func forEachPiece(ofValues count: Int, _ body: (Range<Int>) -> Void) {
    forEachChunk(of: count, grain: Self.pieceSize, body)
  }

  /// Calls `body` for ranges of the tensor's positions.
  func forEachPiece(of shape: TensorShape, _ body: (Range<Int>) -> Void) {
    forEachChunk(of: shape.positions, grain: Self.grain(of: shape), body)
  }

  /// Calls `body` with every image's number and ranges that cover its channels.
  func forEachImageAndChannels(
    of shape: TensorShape, _ body: (_ image: Int, _ channels: Range<Int>) -> Void
  ) {
    for image in 0..<shape.batch {
      forEachChunk(of: shape.channels, grain: Self.channelGrain) { body(image, $0) }
    }
  }

  /// `count` sums over the tensor's positions.
  ///
  /// - Parameter body: adds what a range of positions contributes to sums that begin at 0. Those of
  ///   the ranges are added in their order.
  func sums(
    _ count: Int, over shape: TensorShape,
    _ body: (Range<Int>, UnsafeMutablePointer<Double>) -> Void
  ) -> [Double] {
    let grain = Self.grain(of: shape)
    let pieces = (shape.positions + grain - 1) / grain
    let parts = AlignedBuffer<Double>(zeros: pieces * count)
    forEachChunk(of: shape.positions, grain: grain) { positions in
      body(positions, parts.base + positions.lowerBound / grain * count)
    }
    return (0..<count).map { index in
      (0..<pieces).reduce(0) { $0 + parts[$1 * count + index] }
    }
  }

  /// Calls `body` with every image's number and every row of it.
  func forEachRow(of shape: TensorShape, _ body: (_ image: Int, _ row: Int) -> Void) {
    let grain = max(1, Self.pieceSize / (shape.width * shape.channels))
    forEachChunk(of: shape.batch * shape.height, grain: grain) { rows in
      for row in rows { body(row / shape.height, row % shape.height) }
    }
  }
}

extension Tensor {
  /// The same values in memory of their own.
  func copied() -> Tensor {
    let copy = Tensor(uninitialized: shape)
    copy.base.update(from: base, count: shape.count)
    return copy
  }

  /// The values from row `row` of image `image` on.
  func row(_ image: Int, _ row: Int) -> UnsafeMutablePointer<Float> {
    base + (image * shape.height + row) * shape.width * shape.channels
  }
}

extension ck_map {
  /// The sizes of one image.
  init(_ shape: TensorShape) {
    self.init(height: shape.height, width: shape.width, channels: shape.channels)
  }
}
