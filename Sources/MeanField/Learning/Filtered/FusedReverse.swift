import CKernels
import Lattice
import LatticeSupport

/// The reverse pass in one sweep over the points a step: gather what was splatted, take it through
/// the softmax, subtract it from the gradient by the energies, and splat it.
///
/// By C, −Σ (B·K')·qᵀ falls off on the way, or its diagonal: no messages are needed.
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
  ///   - wantsCompatibilities: whether those by C are wanted, too.
  /// - Returns: by the energies, and by each C, L × L: by its diagonal where it is no matrix.
  mutating func run(
    _ states: [ChannelField], gradient start: ChannelField, wantsCompatibilities: Bool
  ) -> (energies: ChannelField, compatibilities: [[Double]]) {
    let (stride, labels) = (start.stride, start.channels)
    var energies = ChannelField(points: start.points, channels: labels)
    let target = energies.mutableBase()
    let count = fused.segments.count
    // A matrix has the products of each label with a row, a diagonal those of one row.
    let sizes = fused.kernels.map { max(stride, $0.matrix?.count ?? 0) }
    let products = sizes.map {
      AlignedBuffer<Double>(zeros: wantsCompatibilities ? count * $0 : 0)
    }
    for step in states.indices.reversed() {
      let isFirst = step == states.count - 1
      let marginals = states[step]
      fused.forEachSegment(slices: !isFirst, splats: step > 0) { index, points, order, passes in
        let first = points.lowerBound * stride
        let scratch = AlignedBuffer<Float>(uninitialized: ck_sweep_scratch(stride))
        var passes = passes
        if wantsCompatibilities {
          for kernel in passes.indices {
            passes[kernel].products = products[kernel].base + index * sizes[kernel]
          }
        }
        ck_reverse_sweep(
          isFirst ? start.base + first : nil, marginals.base + first, stride, order.runs,
          order.runCount, passes, Int32(passes.count), target + first, scratch.base)
      }
      if step > 0 { fused.blurRows() }
    }
    let compatibilities = fused.kernels.indices.map { index in
      var matrix = [Double](repeating: 0, count: labels * labels)
      guard wantsCompatibilities else { return matrix }
      let kernel = fused.kernels[index]
      for segment in 0..<count {
        let sums = products[index].base + segment * sizes[index]
        if kernel.matrix != nil {
          for row in 0..<labels {
            for column in 0..<labels {
              matrix[row * labels + column] -= sums[row * stride + column]
            }
          }
        } else {
          let gain = Double(kernel.filter.gain)
          for label in 0..<labels { matrix[label * (labels + 1)] -= gain * sums[label] }
        }
      }
      return matrix
    }
    return (energies, compatibilities)
  }
}
