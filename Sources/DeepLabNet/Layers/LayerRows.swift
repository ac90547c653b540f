import CKernels
import Support

/// How layers cut their work: by the size of the tensors, so that results do not depend on threads.
extension Parallelism {
  /// Values in a piece of work: a quarter of a second-level cache.
  private static let pieceSize = 1 << 16

  /// Calls `body` for ranges that cover `0..<count` values.
  func forEachPiece(ofValues count: Int, _ body: (Range<Int>) -> Void) {
    forEachChunk(of: count, grain: Self.pieceSize, body)
  }

  /// Calls `body` for ranges of the tensor's positions.
  func forEachPiece(of shape: TensorShape, _ body: (Range<Int>) -> Void) {
    forEachChunk(of: shape.positions, grain: max(1, Self.pieceSize / shape.channels), body)
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
