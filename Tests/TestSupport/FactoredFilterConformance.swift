import Conformance
import Lattice
import Testing

/// What every factored filter promises beyond what all filters do.
package struct FactoredFilterConformance {
  package init() {}

  /// Runs every check over the filter.
  package func check(
    _ filter: any FactoredFilter, _ name: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expectNone(
      Conformance.check(filter), "\(name), N = \(filter.points)", sourceLocation: sourceLocation)
  }
}
