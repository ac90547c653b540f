import Lattice
import LatticeSupport

/// The settings of the exact filter.
package struct ExactSettings {
  package var threshold: Double
  /// `nil` leaves it to the filter.
  package var memory: MemorySize?

  package init(threshold: Double = ExactBackend.defaultThreshold, memory: MemorySize? = nil) {
    self.threshold = threshold
    self.memory = memory
  }

  package func backend(progress: FilterProgress? = nil) -> ExactBackend {
    ExactBackend(threshold: threshold, memoryBudget: memory?.bytes, progress: progress)
  }
}
