import Lattice
import LatticeSupport
import MeanField
import TestSupport
import Testing
import Unaries

/// Every solver, step by step, against an independent program in float64.
@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct GoldenSolverTests {
  @Test(
    "marginals, energies, gaps and steps of every update",
    arguments: LearningCase.all(ofKind: "solvers", in: "solvers"))
  func updates(golden: LearningCase) throws {
    let (unary, colors) = (try golden.input("unary"), try golden.input("image"))
    let (grid, labelCount) = (try golden.grid(), unary.shape[0])
    let count = grid.count
    let rows = (0..<3 * count).map { Float(colors.values[$0 % 3 * count + $0 / 3]) }
    let scene = Scene(try Image(grid: grid, channels: 3, pixels: .floats(rows)))
    let energies = try EnergyField(
      grid: grid, labelCount: labelCount, planes: unary.values.map { Float($0) })
    for run in golden.runs {
      let id = run["id"].string ?? ""
      let crf = try DenseCRF(
        scene: scene, unary: energies,
        terms: run["kernels"].elements.map { kernel in
          try Self.term(kernel, labelCount: labelCount, selfTerm: run["self_term"].string ?? "")
        }, backend: .exact(threshold: 0))
      if let expected = try golden.expected("kappa", of: run) {
        // Row sums of a hundred weights in float32.
        #expect(
          relativeDifference(Curvature(crf).values.map { Double($0) }, expected) <= 1e-5, "\(id)")
      }
      let updates = Int(run["iterations"].number ?? 0)
      let solver = try Self.solver(run)
      var options = InferenceOptions(iterations: updates, solver: solver)
      options.notesEnergies = true
      let inference = crf.startInference(options)
      var steps = [inference.marginals]
      for _ in 0..<updates {
        inference.step()
        steps.append(inference.marginals)
      }
      let tolerance = run["tolerance"]["float32"]["Q_steps"].number ?? 0
      let expected = try #require(try golden.expected("Q_steps", of: run))
      let found = steps.flatMap { $0.values.planes() }.map { Double($0) }
      let difference = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(difference <= tolerance, "\(id): \(difference)")
      func compare(_ name: String, _ tolerance: Double, _ value: (UpdateRecord) -> Double?) throws {
        guard let expected = try golden.expected(name, of: run) else { return }
        let found = try inference.trace.map { try #require(value($0)) }
        #expect(relativeDifference(found, expected) <= tolerance, "\(id), \(name)")
      }
      // Energies bend with marginals, and so do gaps.
      try compare("free_energy", 10 * tolerance) { $0.freeEnergy }
      try compare("relaxed_energy", 10 * tolerance) { $0.relaxedEnergy }
      try compare("regularised_energy", 10 * tolerance) { $0.watchedEnergy }
      try compare("gap", 10 * tolerance) { $0.gap }
      if let expected = try golden.expected("alpha", of: run) {
        let found = try inference.trace.dropFirst().map { Double(try #require($0.step)) }
        // Where little is left to gain, the best α is a matter of rounding.
        #expect(
          zip(found, expected).prefix(3).allSatisfy { abs($0 - $1) <= 1e-2 }, "\(id): \(found)")
      }
      let discrete = try #require(try golden.expected("discrete_energy", of: run))
      // Where two labels tie, one of them is taken: one pair's worth of energy.
      #expect(
        relativeDifference(steps.map { crf.energy(of: $0.labels) }, discrete) <= 2e-2, "\(id)")
    }
  }

  private static func term(
    _ kernel: AnyJSON, labelCount: Int, selfTerm: String
  ) throws -> PairwiseTerm {
    func bandwidths(_ key: String) -> Bandwidths {
      Bandwidths(kernel[key].numbers.map { Float($0) })
    }
    let compatibility = kernel["compat"]
    let made: any LabelCompatibility =
      switch compatibility["type"].string {
      case "potts": .potts(Float(compatibility["weight"].number ?? 0))
      case "diagonal":
        .diagonal(compatibility["values"].numbers.map { Float($0) })
      default:
        .matrix(
          (compatibility["matrix"].elements + compatibility["values"].elements)
            .flatMap(\.numbers).map { Float($0) })
      }
    let features: any PairwiseKernel =
      kernel["type"].string == "gaussian"
      ? SpatialGaussianKernel(sigma: bandwidths("sxy"))
      : BilateralKernel(spatialSigma: bandwidths("sxy"), colorSigma: bandwidths("srgb"))
    return PairwiseTerm(
      features, compatibility: made,
      normalization: try #require(Normalization(rawValue: kernel["normalization"].string ?? "")),
      selfTerm: selfTerm == "included"
        ? .included : selfTerm == "excluded" ? .excluded : .excludedBeforeNormalization)
  }

  private static func solver(_ run: AnyJSON) throws -> Solver {
    switch run["method"].string {
    case "parallel": return .parallel
    case "damped" where run["step"].string != nil: return .damped(.harmonic(first: 1))
    case "damped": return .damped(.constant(Float(run["step"].number ?? 1)))
    case "damped_safe": return .safe
    case "cccp": return .convergent
    case "frank_wolfe": return .frankWolfe(.entropy, step: .exact)
    case "euclidean_frank_wolfe":
      return .frankWolfe(.euclidean(Float(run["lambda"].number ?? 0)), step: .exact)
    case "dc_euclidean": return .concave
    default:
      Issue.record("no solver for \(run["method"].string ?? "")")
      return .parallel
    }
  }
}
