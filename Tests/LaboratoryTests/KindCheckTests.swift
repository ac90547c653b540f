import Conformance
import Laboratory
import LatticeSupport
import Testing
import TestSupport

/// The suite that `crf-lab check` runs, over everything that is registered.
struct KindCheckTests {
  @Test("every kind that is built in keeps its promises", arguments: KindCheck.known)
  func builtIn(kind: KindCheck.Known) throws {
    // Filters of all dimensions are checked where they are tested.
    let check = try KindCheck(kind.name, dimensions: [2, 5])
    #expect(check.noun == kind.noun)
    #expect(check.report.promises.count >= 2)
    expectNone(check.report, "\(kind.noun) \(check.description)")
  }

  @Test("settings are heeded, and an accuracy that is asked for")
  func settings() throws {
    let coarse = try KindCheck("grid:cell=1.5", dimensions: [3])
    let fine = try KindCheck("grid:cell=0.25", dimensions: [3])
    let errors = [coarse, fine].map { $0.accuracies[1].error }
    #expect(errors[1] < errors[0] / 4)
    let strict = try KindCheck("grid:cell=1.5", accuracy: errors[0] / 2, dimensions: [3])
    #expect(!strict.isKept)
    #expect(strict.report.violations.first?.found.contains("3 features") == true)
  }

  @Test("what is not known is refused in words")
  func unknown() throws {
    #expect(throws: InputError.self) { try KindCheck("nothing") }
    #expect(throws: InputError.self) { try KindCheck("grid:cells=3") }
  }
}
