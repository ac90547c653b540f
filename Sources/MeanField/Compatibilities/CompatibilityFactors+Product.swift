import CKernels
import LatticeSupport

extension CompatibilityFactors {
  /// Adds μ·m to the rows of `energies`, for each row m of `messages`.
  ///
  /// - Complexity: O(N·L), O(N·L²) for a matrix.
  func addProduct(
    of messages: ChannelField, to energies: inout ChannelField, parallelism: Parallelism
  ) {
    let (stride, channels) = (messages.stride, messages.channels)
    let target = energies.mutableBase()
    let factors: [Float]
    switch self {
    case .uniform(let weight): factors = [Float](repeating: weight, count: channels)
    case .perLabel(let weights): factors = weights
    case .matrix:
      let columns = columns(stride: stride) ?? []
      parallelism.forEachChunk(of: messages.points, grain: PairwiseMessages.grain) { points in
        let first = points.lowerBound * stride
        ck_add_matrix(
          messages.base + first, points.count, stride, columns, channels, target + first)
      }
      return
    }
    let padded = factors + [Float](repeating: 0, count: stride - channels)
    parallelism.forEachChunk(of: messages.points, grain: PairwiseMessages.grain) { points in
      let first = points.lowerBound * stride
      ck_add_weighted(messages.base + first, nil, padded, points.count, stride, target + first)
    }
  }

  /// A matrix column by column, each padded to `stride` numbers; `nil` where there is none.
  func columns(stride: Int) -> [Float]? {
    guard case .matrix(let matrix) = self else { return nil }
    let count = Int(Double(matrix.count).squareRoot())
    var columns = [Float](repeating: 0, count: count * stride)
    for row in 0..<count {
      for column in 0..<count { columns[column * stride + row] = matrix[row * count + column] }
    }
    return columns
  }

  /// μᵀ.
  var transposed: CompatibilityFactors { reversed.multiplied(by: -1) }

  /// −μᵀ, which brings gradients back to the messages.
  var reversed: CompatibilityFactors {
    switch self {
    case .uniform(let weight): return .uniform(-weight)
    case .perLabel(let weights): return .perLabel(weights.map { -$0 })
    case .matrix(let matrix):
      let count = Int(Double(matrix.count).squareRoot())
      return .matrix(
        (0..<matrix.count).map { -matrix[$0 % count * count + $0 / count] })
    }
  }
}
