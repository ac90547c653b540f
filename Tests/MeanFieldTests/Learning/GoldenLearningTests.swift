import Lattice
import LatticeSupport
import MeanField
import TestSupport
import Testing

/// Gradients against those of an independent program in float64.
@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct GoldenLearningTests {
  @Test(
    "all pairs in float64 give every gradient",
    arguments: LearningCase.all(ofKind: "meanfield_gradient"))
  func allPairs(golden: LearningCase) throws {
    for run in golden.runs {
      let results = try LearningRun(
        golden: golden, run: run, arithmetic: AllPairsArithmetic()
      ).results()
      try expect(results, of: run, golden, precision: "float64")
    }
  }

  @Test(
    "the exact filter in float32 gives every gradient, over pairs and consistently",
    arguments: LearningCase.all(ofKind: "meanfield_gradient"),
    [FilteredArithmetic.FeatureRecipe.pairs, .consistent])
  func exact(golden: LearningCase, recipe: FilteredArithmetic.FeatureRecipe) throws {
    for run in golden.runs {
      let results = try LearningRun(
        golden: golden, run: run,
        arithmetic: FilteredArithmetic(backend: .exact(threshold: 0), recipe: recipe)
      ).results()
      try expect(results, of: run, golden, precision: "float32")
    }
  }

  private func expect(
    _ results: [String: [Double]], of run: AnyJSON, _ golden: LearningCase, precision: String
  ) throws {
    let id = run["id"].string ?? ""
    var worst = (share: 0.0, name: "")
    for name in golden.names(of: run) {
      let expected = try #require(try golden.expected(name, of: run))
      let found = try #require(results[name], "\(id): \(name)")
      let share = relativeDifference(found, expected) / golden.tolerance(name, in: precision)
      if share > worst.share { worst = (share, name) }
      #expect(share <= 1, "\(golden.id) \(id): \(name)")
    }
    print("\(golden.id) \(id), \(precision): \(worst.share) of the tolerance of \(worst.name)")
  }

  @Test(
    "a lattice with the consistent reverse pass is as near as the reference's",
    arguments: LearningCase.all(ofKind: "meanfield_gradient"))
  func lattice(golden: LearningCase) throws {
    for run in golden.runs {
      guard case .object(let bounds) = golden.json["tolerance"]["lattice"][run["id"].string ?? ""]
      else { continue }
      let results = try LearningRun(golden: golden, run: run, arithmetic: FilteredArithmetic())
        .results()
      for (name, bound) in bounds {
        let (cosine, distance) = likeness(
          try #require(results[name]), try #require(try golden.expected(name, of: run)))
        print("\(golden.id) \(run["id"].string ?? ""): \(name) cosine \(cosine), \(distance)")
        // Bounds are rounded to four digits.
        #expect(cosine >= (bound["cosine_at_least"].number ?? 1) - 5e-5, "\(name)")
        #expect(distance <= bound["relative_l2_at_most"].number ?? 0, "\(name)")
      }
    }
  }

  @Test("at a fixed point the implicit gradient is the unrolled one")
  func implicit() throws {
    let golden = try #require(
      LearningCase.all(ofKind: "meanfield_gradient").first { $0.id == "grad_damped" })
    let run = try #require(golden.runs.first { $0["id"].string == "fixed_point_T150" })
    let results = try LearningRun(
      golden: golden, run: run, arithmetic: AllPairsArithmetic(), isImplicit: true
    ).results()
    try expect(results, of: run, golden, precision: "float64")
  }

  @Test("states that are computed again give the same gradient")
  func recomputed() throws {
    for golden in LearningCase.all(ofKind: "meanfield_gradient")
    where ["grad_damped", "grad_after"].contains(golden.id) {
      for run in golden.runs {
        let results = try LearningRun(
          golden: golden, run: run, arithmetic: AllPairsArithmetic(), recomputes: true
        ).results()
        try expect(results, of: run, golden, precision: "float64")
      }
    }
  }

  @Test(
    "through a lattice: consistently, and by its own derivative",
    arguments: LearningCase.all(ofKind: "lattice_gradient"),
    [FilteredArithmetic.FeatureRecipe.consistent, .lattice])
  func latticeGradient(golden: LearningCase, recipe: FilteredArithmetic.FeatureRecipe) throws {
    let prefix = recipe == .lattice ? "true." : "consistent."
    // Lattices that are grown or averaged are none of this program's.
    for run in golden.runs where run["lattice_options"] == .object([:]) {
      let results = try LearningRun(
        golden: golden, run: run, arithmetic: FilteredArithmetic(recipe: recipe)
      ).results()
      for (name, key) in [
        ("loss", "loss"), ("grad_unary", "grad_unary"), ("k0.grad_log_sigma", "grad_log_sigma"),
        ("k0.grad_features", "grad_features"),
      ] {
        let expected = try #require(try golden.expected(prefix + key, of: run))
        let difference = relativeDifference(try #require(results[name]), expected)
        print("\(run["id"].string ?? "") \(prefix)\(key): \(difference)")
        #expect(difference <= golden.tolerance(prefix + key, in: "float32"), "\(prefix)\(key)")
      }
    }
  }

  @Test("objectives and their gradients", arguments: LearningCase.all(ofKind: "objectives"))
  func objectives(golden: LearningCase) throws {
    let (q, labels) = (try golden.input("q"), try golden.input("labels"))
    let count = q.shape[0]
    let marginals = (0..<count).map {
      DoubleField.from(q.image($0, of: count), channels: q.shape[1])
    }
    let given = (0..<count).map { labels.image($0, of: count).map { UInt16($0) } }
    for run in golden.runs {
      let objective = try #require(LearningObjective(run["objective"]))
      let (value, gradients) = objective.evaluate(
        marginals, given, reduction: LearningObjective.Reduction(run["objective"]))
      let perImage = (0..<count).map { objective.evaluate(marginals[$0], given[$0]).value }
      for (name, found) in [
        ("value", [value]), ("grad_q", gradients.flatMap(\.doubles)), ("per_image", perImage),
      ] {
        let expected = try #require(try golden.expected(name, of: run))
        #expect(
          relativeDifference(found, expected) <= golden.tolerance(name, in: "float64"),
          "\(run["id"].string ?? ""): \(name)")
      }
    }
  }
}
