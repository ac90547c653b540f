import LatticeSupport
import MeanField
import TestSupport
import Testing
import Unaries

/// Whole learning problems, and CRF-RNN, against an independent program in float64.
@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct GoldenLayerTests {
  @Test(
    "the objective of a learning problem, and its gradient by all parameters, where it starts",
    arguments: LearningCase.all(ofKind: "lbfgs"))
  func start(golden: LearningCase) throws {
    let (unary, image) = (try golden.input("unary"), try golden.input("image"))
    let labels = try golden.input("labels")
    let (count, labelCount, grid) = (unary.shape[0], unary.shape[1], try golden.grid())
    // Both weights are 1 there, and μ is −1: Potts, as a matrix.
    let matrix = (0..<labelCount * labelCount).map { $0 % (labelCount + 1) == 0 ? -1.0 : 0 }
    let inferences = try (0..<count).map { index in
      let colors = LearningRun<AllPairsArithmetic>.transposed(
        image.image(index, of: count), channels: 3)
      let crf = try DifferentiableCRF(
        points: grid.count, labelCount: labelCount,
        terms: [
          LearnedTerm(
            .bilateral(on: grid, image: colors, channels: 3, bandwidths: [3, 3, 60, 60, 60]),
            compatibility: .matrix(matrix)),
          LearnedTerm(.positions(on: grid, bandwidths: [1]), compatibility: .matrix(matrix)),
        ], arithmetic: AllPairsArithmetic())
      return crf.forward(.from(unary.image(index, of: count), channels: labelCount))
    }
    let (value, upstream) = LearningObjective.logLikelihood().evaluate(
      inferences.map(\.marginals),
      (0..<count).map { labels.image($0, of: count).map { UInt16($0) } })
    var total = inferences[0].gradient(
      of: upstream[0], wanted: [.compatibilities, .weights, .bandwidths])
    for (inference, upstream) in zip(inferences, upstream).dropFirst() {
      total.addParameters(
        of: inference.gradient(of: upstream, wanted: [.compatibilities, .weights, .bandwidths]))
    }
    let terms = total.terms
    func byLogWeight(_ term: Int) -> Double {
      zip(terms[term].compatibility ?? [], matrix).reduce(0) { $0 - $1.0 * $1.1 }
    }
    let sigmas = try terms.map { try #require($0.bandwidths) }
    let byMatrix = (0..<labelCount).flatMap { row in
      (row..<labelCount).map { column in
        let index = row * labelCount + column
        let both = terms.reduce(0) { $0 - ($1.weights?[index] ?? .nan) }
        return row == column ? both : 2 * both
      }
    }
    let all =
      [byLogWeight(0), byLogWeight(1)]
      + [
        -3 * (sigmas[0][0] + sigmas[0][1]), -60 * sigmas[0][2...].reduce(0, +),
        -(sigmas[1][0] + sigmas[1][1]),
      ] + byMatrix
    for run in golden.runs {
      let objective = try #require(try golden.expected("objective_start", of: run))
      let gradient = try #require(try golden.expected("gradient_start", of: run))
      #expect(
        relativeDifference([-value], objective)
          <= run["tolerance"]["objective_start"].number ?? 0)
      // Runs learn the first two, five, or all of the parameters.
      #expect(
        relativeDifference(Array(all.prefix(gradient.count)), gradient)
          <= run["tolerance"]["gradient_start"].number ?? 0)
    }
  }

  @Test(
    "CRF-RNN: logits out, and gradients from a loss on them",
    arguments: LearningCase.all(ofKind: "crfrnn"))
  func crfAsRNN(golden: LearningCase) throws {
    for run in golden.runs {
      try check(run, golden, AllPairsArithmetic(), precision: "float64")
      try check(
        run, golden, FilteredArithmetic(backend: .exact(threshold: 0)), precision: "float32")
    }
  }

  private func check<Arithmetic: LearningArithmetic>(
    _ run: AnyJSON, _ golden: LearningCase, _ arithmetic: Arithmetic, precision: String
  ) throws where Arithmetic.Field: PlanarField {
    let (logits, image) = (try golden.input("logits"), try golden.input("image"))
    let labels = try golden.input("labels").values
    let (count, labelCount, grid) = (logits.shape[0], logits.shape[1], try golden.grid())
    func matrix(_ name: String) -> [Double] { run[name].elements.flatMap(\.numbers) }
    let mu = matrix("compatibility")
    let compatibilities = ["spatial_weights", "bilateral_weights"].map {
      product(mu, matrix($0), labelCount)
    }
    let labelled = labels.filter { $0 < Double(labelCount) }.count
    var (output, byLogits, byImage) = ([Double](), [Double](), [Double]())
    var (loss, shared): (Double, CRFGradient<Arithmetic.Field>?) = (0, nil)
    for index in 0..<count {
      let colors = LearningRun<Arithmetic>.transposed(
        image.image(index, of: count), channels: 3)
      let terms = [
        LearnedTerm(
          try .positions(on: grid, bandwidths: run["sxy_spatial"].numbers),
          compatibility: .unsymmetric(compatibilities[0]), normalization: .after),
        LearnedTerm(
          try .bilateral(
            on: grid, image: colors, channels: 3,
            bandwidths: run["sxy_bilateral"].numbers + run["srgb"].numbers),
          compatibility: .unsymmetric(compatibilities[1]), normalization: .after),
      ]
      let crf = try DifferentiableCRF(
        points: grid.count, labelCount: labelCount, terms: terms, arithmetic: arithmetic)
      let scores = logits.image(index, of: count)
      let inference = crf.forward(
        .from(scores.map { -$0 }, channels: labelCount),
        UpdateOptions(iterations: Int(run["iterations"].number ?? 0)))
      let u = inference.finalEnergies().doubles.map { -$0 }
      let q = inference.marginals.doubles
      output += u
      var upstream = [Double](repeating: 0, count: q.count)
      for point in 0..<grid.count {
        let label = labels[index * grid.count + point]
        guard label < Double(labelCount) else { continue }
        for other in 0..<labelCount {
          let hot = Double(other) == label ? 1.0 : 0
          upstream[other * grid.count + point] =
            (q[other * grid.count + point] - hot) / Double(labelled)
        }
        let normalizer = (0..<labelCount).reduce(0.0) {
          $0 + exponential(u[$1 * grid.count + point])
        }
        loss += (logarithm(normalizer) - u[Int(label) * grid.count + point]) / Double(labelled)
      }
      let gradient = inference.gradient(ofLogits: .from(upstream, channels: labelCount))
      byLogits += (gradient.unary?.doubles ?? []).map { -$0 }
      let rows = try #require(gradient.image)
      byImage += rows.indices.map { rows[$0 % grid.count * 3 + $0 / grid.count] }
      if shared == nil { shared = gradient } else { shared?.addParameters(of: gradient) }
    }
    let terms = try #require(shared).terms
    let byC = try terms.map { try #require($0.compatibility) }
    let byMu = zip(byC, ["spatial_weights", "bilateral_weights"]).map {
      product($0, transposed(matrix($1), labelCount), labelCount)
    }
    for (name, found) in [
      ("loss", [loss]), ("output_logits", output), ("grad_logits", byLogits),
      ("grad_image", byImage),
      ("grad_spatial_weights", product(transposed(mu, labelCount), byC[0], labelCount)),
      ("grad_bilateral_weights", product(transposed(mu, labelCount), byC[1], labelCount)),
      ("grad_compatibility", zip(byMu[0], byMu[1]).map { $0 + $1 }),
      ("grad_sigma_spatial", terms[0].bandwidths ?? []),
      ("grad_sigma_bilateral", terms[1].bandwidths ?? []),
    ] {
      let expected = try #require(try golden.expected(name, of: run))
      let share =
        relativeDifference(found, expected) / golden.tolerance(name, in: precision)
      #expect(share <= 1, "\(run["id"].string ?? "") \(precision): \(name)")
    }
  }

  private func product(_ a: [Double], _ b: [Double], _ n: Int) -> [Double] {
    (0..<n * n).map { index in
      (0..<n).reduce(0) { $0 + a[index / n * n + $1] * b[$1 * n + index % n] }
    }
  }

  private func transposed(_ a: [Double], _ n: Int) -> [Double] {
    (0..<n * n).map { a[$0 % n * n + $0 / n] }
  }
}
