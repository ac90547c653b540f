import MeanField
import Support
import Synchronization
import Unaries

/// A CRF that is put together call by call.
///
/// Its parts are values: a call takes those that are there when it begins, and works on them
/// without a lock, whatever other calls do meanwhile.
final class CRFObject: Sendable {
  static let all = Registry<CRFObject>(of: "CRF")

  let grid: GridShape
  let labelCount: Int
  let parallelism: Parallelism
  private let parts = Mutex(Parts())

  private struct Parts {
    /// `nil` where no label is preferred.
    var unary: EnergyField?
    var terms: [PreparedTerm] = []
  }

  init(grid: GridShape, labelCount: Int, parallelism: Parallelism) throws {
    self.grid = grid
    self.labelCount = labelCount
    self.parallelism = parallelism
    // Energies and marginals are held together.
    let stride = ChannelField.paddedStride(forChannels: labelCount)
    try Arguments.memory(
      grid.count, bytesEach: 2 * MemoryLayout<Float>.size * stride,
      "\(labelCount) labels on \(grid) points")
  }

  func setUnary(_ unary: EnergyField) {
    parts.withLock { $0.unary = unary }
  }

  func add(_ term: PreparedTerm) {
    parts.withLock { $0.terms.append(term) }
  }

  /// What has been put together so far.
  var crf: DenseCRF {
    let (unary, terms) = parts.withLock { ($0.unary, $0.terms) }
    return DenseCRF(unary: unary ?? uniform(), terms: terms, parallelism: parallelism)
  }

  private func uniform() -> EnergyField {
    var values = ChannelField(points: grid.count, channels: labelCount)
    let rows = values.mutableBase()
    for point in 0..<values.points {
      for label in labelCount..<values.stride {
        rows[point * values.stride + label] = EnergyField.paddingEnergy
      }
    }
    return EnergyField(unchecked: values, grid: grid)
  }
}
