import CKernels
import LatticeSupport

extension Tensor {
  /// Sets values to 0 where another tensor is not within a range: the gradient of clamping.
  func mask(where output: Tensor, isWithin range: ClosedRange<Float>, parallelism: Parallelism) {
    parallelism.forEachPiece(ofValues: shape.count) { piece in
      let start = piece.lowerBound
      ck_mask(
        output.base + start, piece.count, range.lowerBound, range.upperBound, base + start)
    }
  }
}

extension Dropout {
  /// The input with a share of `rate` set to 0 and the rest scaled by 1 / (1 − rate).
  ///
  /// - Parameters:
  ///   - input: images of a batch.
  ///   - firstImage: images of the batch before these, where processes share it.
  ///   - key: the same key drops the same values, whatever the threads and the processes.
  ///   - parallelism: the threads to use.
  func dropping(
    _ input: Tensor, firstImage: Int, key: UInt64, parallelism: Parallelism
  ) -> Tensor {
    let first = firstImage * (input.shape.count / input.shape.batch)
    let output = Tensor(uninitialized: input.shape)
    let threshold = UInt32(Double(rate) * 0x1p32)
    parallelism.forEachPiece(ofValues: input.shape.count) { range in
      ck_dropout(
        input.base + range.lowerBound, range.count, UInt64(first + range.lowerBound), key,
        threshold,
        1 / (1 - rate), output.base + range.lowerBound)
    }
    return output
  }
}
