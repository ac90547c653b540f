import Conformance
import Lattice
import MeanField
import Testing
import Unaries

/// Records what is broken of what the pieces' protocols promise.
package func expectNone(
  _ report: Conformance.Report, _ place: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  for violation in report.violations {
    Issue.record("\(place): \(violation)", sourceLocation: sourceLocation)
  }
}

/// What every pairwise kernel promises, checked over a scene that it accepts.
package struct KernelConformance {
  package let kernel: any PairwiseKernel

  package init(_ kernel: any PairwiseKernel) {
    self.kernel = kernel
  }

  /// Runs every check.
  package func check(
    _ scene: Scene, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    expectNone(
      try Conformance.check(kernel, over: scene), kernel.name, sourceLocation: sourceLocation)
  }
}
