import Conformance
import LatticeSupport
import MeanField
import Pipeline
import TestSupport
import Testing
import Unaries

/// Every kind of step and compatibility that is registered keeps its protocol's promises: by its
/// own example, so that a new kind is checked as soon as it is registered.
struct StepConformanceTests {
  private static func refinement(_ example: String) throws -> any Refinement {
    var context = DescriptionContext.none
    // What an example refers to by name: a number for each point.
    context.array = { _ in
      try NumericArray(
        shape: Painted.grid.extents, values: (0..<Painted.grid.count).map { Float($0 / 30) })
    }
    let plan = try PreparedPlan(Plan([example]), context: context)
    return try #require(plan.refinements.first)
  }

  @Test(arguments: RefinementKind.registry.all.map(\.example))
  func refinements(example: String) throws {
    expectNone(
      try Conformance.check(Self.refinement(example), over: Painted.scene), example)
  }

  // A CRF's kernels have no end: what lies beyond three bandwidths counts for more in ten updates.
  @Test(arguments: RefinementKind.registry.all.map(\.example).filter { !$0.contains("crf") })
  func reaches(example: String) throws {
    // A thousandth of what lies beyond, which is what tails that have no end are allowed.
    expectNone(
      try Conformance.checkReach(of: Self.refinement(example), tolerance: 1e-3), example)
  }

  @Test(arguments: LabelFilterKind.registry.all.map(\.example))
  func labelFilters(example: String) throws {
    let plan = try PreparedPlan(Plan([example]), context: .none)
    let filter = try #require(plan.labelFilters.first)
    expectNone(try Conformance.check(filter, over: Painted.scene), example)
  }

  @Test(arguments: CompatibilityKind.registry.all)
  func compatibilities(kind: CompatibilityKind) throws {
    var context = DescriptionContext.none
    context.array = { _ in
      try NumericArray(
        shape: kind.name == "matrix" ? [3, 3] : [3],
        values: (0..<(kind.name == "matrix" ? 9 : 3)).map { Float($0) })
    }
    let term = try CRFModel.Term(kind.example)
    let made = try kind.make(term.compatibility.settings, context)
    expectNone(try Conformance.check(made, labelCounts: [3]), kind.example)
  }

  @Test func aReachThatIsTooShortIsCaught() throws {
    struct Short: Refinement {
      let inner: any Refinement
      var name: String { "short" }
      var reach: Reach { .steps(2) }
      func refine(
        _ energies: consuming EnergyField, over scene: Scene, _ request: RefinementRequest
      ) throws -> Refined { try inner.refine(energies, over: scene, request) }
    }
    let filter = try Self.refinement("guided:radius=8,epsilon=0.01")
    let found = try Conformance.checkReach(of: Short(inner: filter), tolerance: 1e-3)
    #expect(found.violations.map(\.promise) == ["nothing beyond the reach matters"])
  }

  @Test func aBrokenRefinementIsCaught() throws {
    struct Broken: Refinement {
      var name: String { "broken" }
      var reach: Reach { .steps(0) }
      func refine(
        _ energies: consuming EnergyField, over scene: Scene, _ request: RefinementRequest
      ) throws -> Refined {
        var values = energies.probabilities()
        values[3, 0] += Float(request.parallelism.threads)
        return Refined(Marginals(unchecked: values, grid: scene.grid))
      }
    }
    let found = try Conformance.check(Broken(), over: Painted.scene).violations.map(\.promise)
    #expect(found.contains("marginals are probabilities"))
    #expect(found.contains { $0.contains("any number of threads") })
  }
}
