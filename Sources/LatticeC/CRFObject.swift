import LatticeSupport
import MeanField
import Unaries

/// A CRF that is put together call by call.
///
/// Its parts are values: a call takes those that are there when it begins, and works on them
/// without a lock, whatever other calls do meanwhile.
final class CRFObject: Sendable {
  static let all = ObjectTable<CRFObject>(of: "CRF")

  let grid: GridShape
  let labelCount: Int
  let parallelism: Parallelism
  /// Used under the lock alone.
  nonisolated(unsafe) private var parts = Parts()

  private struct Parts {
    /// `nil` where no label is preferred.
    var unary: EnergyField?
    var terms: [PreparedTerm] = []
  }

  /// One lock for all, since a fork has to hold it; it is never held for long.
  private static let lock = ForkSafe(())

  private func withParts<Result>(_ body: (inout Parts) -> Result) -> Result {
    Self.lock.withLock { _ in body(&parts) }
  }

  init(grid: GridShape, labelCount: Int, parallelism: Parallelism) throws {
    self.grid = grid
    self.labelCount = labelCount
    self.parallelism = parallelism.suited(to: grid.count * labelCount)
    try Arguments.memory(labels: labelCount, on: grid)
  }

  func setUnary(_ unary: EnergyField) {
    // What it replaces may be large: it is freed after the lock.
    let replaced = withParts { parts in
      defer { parts.unary = unary }
      return parts.unary
    }
    _ = replaced
  }

  func add(_ term: PreparedTerm) {
    withParts { $0.terms.append(term) }
  }

  /// What has been put together so far.
  var crf: DenseCRF {
    let (unary, terms) = withParts { ($0.unary, $0.terms) }
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
