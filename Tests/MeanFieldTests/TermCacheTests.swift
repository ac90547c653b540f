import LatticeSupport
import MeanField
import Testing
import Unaries

/// Terms that are kept from one call to the next.
struct TermCacheTests {
  private let scene: Scene
  private let energies: EnergyField

  init() throws {
    let grid = GridShape(width: 12, height: 9)
    let rgb = (0..<3 * grid.count).map { UInt8($0 * 37 % 251) }
    scene = Scene(try Image(width: 12, height: 9, rgb: rgb))
    energies = try EnergyField(
      grid: grid, labelCount: 3, planes: (0..<3 * grid.count).map { Float($0 * 7 % 23) / 8 })
  }

  private func model(_ change: (inout CRFModel) -> Void = { _ in }) -> CRFModel {
    var model = CRFModel.deepLab(
      spatial: (weight: 1, sigma: 2), bilateral: (weight: 2, spatialSigma: 5, colorSigma: 40),
      iterations: 3)
    change(&model)
    return model
  }

  private func marginals(_ model: CRFModel, _ cache: TermCache?) throws -> [Float] {
    let refinement = CRFRefinement(model)
    return try (cache.map { refinement.keepingTerms(in: $0) } ?? refinement)
      .refine(energies, over: scene, RefinementRequest()).marginals.values.rows()
  }

  @Test func marginalsAreTheSameBits() throws {
    let cache = TermCache(capacity: 8)
    let models = [
      model(), model { $0.terms[1].compatibility.settings["weight"] = .number(0.3) },
      model { $0.iterations = 7 }, model { $0.terms.removeFirst() },
      model { $0.terms[0].normalization = .after }, model { $0.terms[1].selfTerm = .excluded },
      model { $0.tolerance = 0.01 },
      model {
        $0.terms[0].compatibility = Description(
          .diagonal, ["costs": .array(.inline(shape: [3], values: [1, 2, 3]))])
      },
    ]
    for model in models + models { #expect(try marginals(model, cache) == marginals(model, nil)) }
  }

  @Test func filtersAreBuiltOnceForEachKernel() throws {
    let cache = TermCache(capacity: 3)
    for weight in [1.0, 2, 3] {
      _ = try marginals(
        model { $0.terms[0].compatibility.settings["weight"] = .number(weight) }, cache)
      #expect(cache.count == 2)
    }
    for sigma: Float in [3, 4, 5] {
      _ = try marginals(
        model { $0.terms[0].kernel.settings["spatial"] = .bandwidths(Bandwidths(sigma)) }, cache)
    }
    #expect(cache.count == 3)
  }
}
