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
  @Test(arguments: RefinementKind.registry.all.map(\.example))
  func refinements(example: String) throws {
    let plan = try PreparedPlan(Plan([example]), context: .none)
    let refinement = try #require(plan.refinements.first)
    expectNone(try Conformance.check(refinement, over: Painted.scene), example)
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
    let found = try Conformance.check(Broken(), over: Painted.scene).map(\.promise)
    #expect(found.contains("marginals are probabilities"))
    #expect(found.contains { $0.contains("any number of threads") })
  }
}
