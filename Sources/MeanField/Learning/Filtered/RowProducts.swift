import CKernels
import LatticeSupport

/// Adds sign · Σ_l left∘right of every point to one column of an array of rows.
func addRowProducts(
  _ left: ChannelField, _ right: ChannelField, factors: AlignedBuffer<Float>? = nil,
  sign: Double = 1, to output: AlignedBuffer<Double>, column: Int = 0, of pitch: Int = 1,
  parallelism: Parallelism
) {
  let stride = left.stride
  parallelism.forEachChunk(of: left.points, grain: PairwiseMessages.grain) { points in
    let first = points.lowerBound
    ck_add_row_products(
      left.base + first * stride, right.base + first * stride, factors.map { $0.base + first },
      sign, points.count, stride, output.base + first * pitch + column, pitch)
  }
}

/// Multiplies every row by its factor.
func scaledRows(
  _ values: ChannelField, by factors: AlignedBuffer<Float>, into output: inout ChannelField,
  parallelism: Parallelism
) {
  let (target, stride) = (output.mutableBase(), values.stride)
  parallelism.forEachChunk(of: values.points, grain: PairwiseMessages.grain) { points in
    let first = points.lowerBound * stride
    ck_scale_rows(
      values.base + first, factors.base + points.lowerBound, points.count, stride, target + first)
  }
}
