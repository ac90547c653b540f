import Conformance
import Lattice
import LatticeSupport
import Testing

/// What every filter backend promises, checked on any features.
package struct FilterConformance {
  package let backend: any FilterBackend
  /// The largest mean |Δ| of K·v/K·1 from all pairs in float64, for values in 0...1.
  package let accuracy: Double

  package init(_ backend: any FilterBackend, accuracy: Double) {
    self.backend = backend
    self.accuracy = accuracy
  }

  /// Runs every check over `features`.
  package func check(
    _ features: FeatureMatrix, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    expectNone(
      try Conformance.check(backend, on: features, accuracy: accuracy),
      "\(backend.name), N = \(features.points), d = \(features.dimensions)",
      sourceLocation: sourceLocation)
  }
}
