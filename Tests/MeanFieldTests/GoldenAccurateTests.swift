import Lattice
import MeanField
import TestSupport
import Testing

/// The accurate lattice against all pairs, compared with how far pydensecrf is from them.
@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct GoldenAccurateTests {
  /// A row of `accuracy.json`.
  private struct Row {
    let run: String
    let labelAgreement: Double
    let mean: Double

    static func all(of golden: GoldenCase) throws -> [Row] {
      try AnyJSON.read(Shared.fixture("crf/accuracy.json"))["rows"].elements
        .filter { $0["case"].string == golden.id }
        .map { row in
          Row(
            run: try #require(row["run"].string),
            labelAgreement: try #require(row["pydensecrf"]["label_agreement"].number),
            mean: try #require(row["pydensecrf"]["mean_abs_dQ"].number))
        }
    }
  }

  @Test("nearer to exact inference than pydensecrf on every image, with half of its error at most")
  func camvid() throws {
    var ratios: [Double] = []
    for golden in GoldenCase.all(ofKind: "densecrf2d") where golden.id.hasPrefix("a2_") {
      let rows = try Row.all(of: golden)
      for run in golden.runs {
        let row = try #require(rows.first { $0.run == run.id })
        let crf = try golden.crf(of: run, backend: .permutohedral(.accurate))
        let found = Comparison(
          crf.marginals(iterations: run.updates), try golden.expected("Q_exact", of: run))
        let ratio = Double(found.mean) / row.mean
        print(
          "\(golden.id) \(run.id): labels equal \(100 * found.labelAgreement) % "
            + "(pydensecrf \(100 * row.labelAgreement) %), mean |ΔQ| \(found.mean), "
            + "\(ratio) of pydensecrf's")
        #expect(found.labelAgreement > row.labelAgreement, "\(golden.id) \(run.id)")
        // The worst of the nine has 99.70 %.
        #expect(found.labelAgreement >= 0.996, "\(golden.id) \(run.id)")
        ratios.append(ratio)
      }
    }
    #expect(ratios.count == 9)
    let mean = ratios.reduce(0, +) / Double(ratios.count)
    print("mean |ΔQ| is \(mean) of pydensecrf's on average")
    #expect(mean <= 0.5)
  }

  @Test(
    "labels equal those of all pairs, whatever the normalisation and the self term",
    arguments: GoldenCase.all(ofKind: "exact"))
  func exact(golden: GoldenCase) throws {
    for run in golden.runs {
      let crf = try golden.crf(of: run, backend: .permutohedral(.accurate))
      let found = Comparison(
        crf.marginals(iterations: run.updates), try golden.expected("Q", of: run))
      print(
        "\(golden.id) \(run.id): labels equal \(100 * found.labelAgreement) %, "
          + "mean |ΔQ| \(found.mean), max \(found.largest)")
      // pydensecrf has 93.4 % on c_exact_1 without normalisation; 99 % is what is promised.
      #expect(found.labelAgreement >= 0.99, "\(golden.id) \(run.id)")
    }
  }

  @Test("the number of threads changes no bit")
  func threads() throws {
    let golden = try #require(
      GoldenCase.all(ofKind: "densecrf2d").first { $0.id.hasPrefix("a2_") })
    let run = try #require(golden.runs.first)
    let results = try [1, 2, 5].map { threads in
      try golden.crf(
        of: run, backend: .permutohedral(.accurate), parallelism: .init(threads: threads)
      ).marginals(iterations: 3).values.planes()
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }
}
