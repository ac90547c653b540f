import CKernels
import Lattice
import LatticeSupport

/// The reverse pass in one sweep over the points a step: gather what was splatted, take it through
/// the softmax, subtract it from the gradient by the energies, and splat it.
///
/// By C's diagonals alone, −Σ q∘(B·K') falls off on the way: no messages are needed.
struct FusedReverse {
  private var fused: FusedKernels

  /// `nil` where the terms cannot be fused.
  ///
  /// - Parameter terms: with −C for C.
  init?(_ terms: [PreparedTerm], stride: Int, parallelism: Parallelism) {
    guard
      let fused = FusedKernels(
        terms, stride: stride, isTransposed: true, parallelism: parallelism)
    else { return nil }
    self.fused = fused
  }

  /// - Parameters:
  ///   - states: Q₀ … Q_T, their padding 0.
  ///   - gradient: by the last softmax's argument; its padding 0.
  /// - Returns: by the energies, and by each C's diagonal, L × L.
  mutating func run(
    _ states: [ChannelField], gradient start: ChannelField
  ) -> (energies: ChannelField, compatibilities: [[Double]]) {
    let (stride, labels) = (start.stride, start.channels)
    var energies = ChannelField(points: start.points, channels: labels)
    let target = energies.mutableBase()
    let kernelCount = fused.kernels.count
    let size = kernelCount * stride
    let count = fused.segments.count
    let products = AlignedBuffer<Double>(zeros: count * size)
    for step in states.indices.reversed() {
      let isFirst = step == states.count - 1
      let marginals = states[step]
      fused.forEachSegment(slices: !isFirst, splats: step > 0) { index, points, order, passes in
        let first = points.lowerBound * stride
        let scratch = AlignedBuffer<Float>(uninitialized: ck_sweep_scratch(stride))
        ck_reverse_sweep(
          isFirst ? start.base + first : nil, marginals.base + first, stride, order.runs,
          order.runCount, passes, Int32(kernelCount), target + first,
          products.base + index * size, scratch.base)
      }
      if step > 0 { fused.blurRows() }
    }
    let compatibilities = fused.kernels.indices.map { kernel in
      var matrix = [Double](repeating: 0, count: labels * labels)
      for segment in 0..<count {
        for label in 0..<labels {
          matrix[label * (labels + 1)] -=
            Double(fused.kernels[kernel].filter.gain)
            * products.base[segment * size + kernel * stride + label]
        }
      }
      return matrix
    }
    return (energies, compatibilities)
  }
}
