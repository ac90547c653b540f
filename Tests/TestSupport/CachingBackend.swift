import Lattice
import LatticeSupport
import Synchronization

/// A backend that makes each filter once and gives it out again to whoever asks for the same
/// features.
package final class CachingBackend: FilterBackend {
  private let inner: any FilterBackend
  private let filters = Mutex<[[Float]: any GaussianFilter]>([:])
  private let count = Mutex(0)

  package var name: String { "cached \(inner.name)" }

  /// How often a filter was given out that was there already.
  package var hits: Int { count.withLock { $0 } }

  package init(_ inner: any FilterBackend) {
    self.inner = inner
  }

  package func makeFilter(
    for features: FeatureMatrix, parallelism: Parallelism
  ) throws -> any GaussianFilter {
    let key = features.withUnsafeBufferPointer { Array($0) }
    if let filter = filters.withLock({ $0[key] }) {
      count.withLock { $0 += 1 }
      return filter
    }
    let filter = try inner.makeFilter(for: features, parallelism: parallelism)
    filters.withLock { $0[key] = filter }
    return filter
  }
}
