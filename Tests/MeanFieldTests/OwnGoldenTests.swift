import Lattice
import MeanField
import TestSupport
import Testing
import Unaries

/// What the project promises, on cases that come with it: nothing here needs anything else.
///
/// The cases are the sample, parts of it and small arrays; `Benchmarks/make_goldens` makes them.
/// One at a time: tests that run beside these measure memory.
@Suite(.serialized)
struct OwnGoldenTests {
  /// What storing marginals as 16-bit integers changes.
  private static let rounding: Float = 0.5 / 65535

  @Test("the cases are there, and each has runs")
  func presence() {
    #expect(GoldenCase.own(ofKind: "pydensecrf").count == 5)
    #expect(GoldenCase.own(ofKind: "sample").count == 1)
    #expect(GoldenCase.own(ofKind: "exact").count == 1)
    let cases = GoldenCase.own(ofKind: "pydensecrf", "sample", "exact")
    #expect(cases.allSatisfy { !$0.runs.isEmpty })
  }

  @Test(
    "marginals, labels and klDivergence equal pydensecrf's at every step that is kept",
    arguments: GoldenCase.own(ofKind: "pydensecrf"))
  func pydensecrf(golden: GoldenCase) throws {
    let steps = try #require(golden.steps)
    for run in golden.runs {
      let expected = try golden.expectedSteps(of: run)
      let divergences = run.expected["kl_divergence"].numbers
      try #require(expected.count == steps.count && divergences.count == steps.count)
      let crf = try golden.crf(of: run)
      let inference = crf.startInference()
      var largest: Float = 0
      for (place, step) in steps.enumerated() {
        while inference.iteration < step { inference.step() }
        let difference = Comparison(inference.marginals, expected[place])
        largest = max(largest, difference.largest)
        // The same algorithm in float32: as for the cases beside the project, of which this is
        // ten times what two builds of pydensecrf and another order of sums make of ten updates.
        #expect(difference.largest <= 1e-4 + Self.rounding, "\(run.id), step \(step)")
        #expect(difference.labelAgreement >= 0.999, "\(run.id), step \(step)")
        let divergence = crf.energy(of: inference.marginals).klDivergence
        // pydensecrf sums the pairwise part in float32.
        #expect(abs(divergence - divergences[place]) <= 1e-4 * abs(divergences[place]), "\(run.id)")
      }
      print("\(golden.id) \(run.id): max |ΔQ| \(largest)")
    }
  }

  @Test("the sample by presets and coarse scores, as users have it, has pydensecrf's labels")
  func sample() throws {
    let golden = try #require(GoldenCase.own(ofKind: "sample").first)
    for run in golden.runs {
      let crf = try DenseCRF(
        scene: golden.scene(), unary: golden.unary(),
        terms: CRFModel.preset(run.id).pairwiseTerms(on: golden.grid()))
      let marginals = crf.marginals(iterations: run.updates)
      let labels = try golden.array(run.expected["labels"].string ?? "").values
      let equal = zip(marginals.labels.labels, labels).count { Int($0) == Int($1) }
      let agreement = Double(equal) / Double(labels.count)
      // Every eighth pixel's.
      let expected = try golden.expected("Q", of: run)
      let (columns, rows) = (expected.shape[2], expected.shape[1])
      var largest: Float = 0
      for (index, value) in expected.values.enumerated() {
        let (label, place) = index.quotientAndRemainder(dividingBy: rows * columns)
        let (row, column) = place.quotientAndRemainder(dividingBy: columns)
        let point = (8 * row + 4) * marginals.grid.extents[1] + 8 * column + 4
        let difference = abs(marginals.values[point, label] - value)
        largest = difference <= largest ? largest : difference
      }
      print("sample \(run.id): max |ΔQ| \(largest), labels equal \(100 * agreement) %")
      // Upsampling the scores rounds differently here and there, on top of what is said above.
      #expect(largest <= 2e-4 + Self.rounding, "\(run.id)")
      #expect(agreement >= 0.999, "\(run.id)")
    }
  }

  @Test(
    "the exact filter's marginals and energies equal all pairs in float64",
    arguments: GoldenCase.own(ofKind: "exact"))
  func exact(golden: GoldenCase) throws {
    // Five updates in float32, each exact to a few units in the last place; and the storage.
    try GoldenExactTests.check(golden, tolerance: 1e-5 + Self.rounding)
  }

  @Test("labels of the accurate lattice equal those of all pairs, whatever the normalisation")
  func accurate() throws {
    let golden = try #require(GoldenCase.own(ofKind: "exact").first)
    for run in golden.runs {
      let crf = try golden.crf(of: run, backend: .permutohedral(.accurate))
      let found = Comparison(
        crf.marginals(iterations: run.updates), try golden.expected("Q", of: run))
      print("\(golden.id) \(run.id): accurate, labels equal \(100 * found.labelAgreement) %")
      // 99 % is what is promised.
      #expect(found.labelAgreement >= 0.99, "\(run.id)")
    }
  }

  @Test("the accurate lattice has half of pydensecrf's error at most, and the exact filter none")
  func accuracyOfPhotographs() throws {
    let golden = try #require(
      GoldenCase.own(ofKind: "pydensecrf").first { $0.id == "sample_crop" })
    for run in golden.runs {
      let peer = try #require(run.expected["mean_error"].number)
      let peerAgreement = try #require(run.expected["label_agreement"].number)
      let expected = try golden.expected("Q_exact", of: run)
      func compare(_ backend: any FilterBackend) throws -> Comparison {
        let crf = try golden.crf(of: run, backend: backend)
        return Comparison(crf.marginals(iterations: run.updates), expected)
      }
      let accurate = try compare(.permutohedral(.accurate))
      let exact = try compare(.exact)
      print(
        "\(golden.id) \(run.id): accurate \(Double(accurate.mean) / peer) of pydensecrf's error, "
          + "labels equal \(100 * accurate.labelAgreement) % (pydensecrf \(100 * peerAgreement) "
          + "%); exact: max |ΔQ| \(exact.largest)")
      #expect(Double(accurate.mean) <= 0.5 * peer, "\(run.id)")
      #expect(accurate.labelAgreement > peerAgreement, "\(run.id)")
      // Ten updates of what the filter's threshold leaves out; 1e-4 is what is promised.
      #expect(exact.largest <= 1e-4 + Self.rounding, "\(run.id)")
      #expect(exact.labelAgreement >= 0.9999, "\(run.id)")
    }
  }
}
