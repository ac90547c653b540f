import Lattice
import LatticeSupport
import MeanField
import TestSupport
import Testing
import Unaries

/// Learning in float32 on filters, on a small painted scene.
@Suite struct FilteredLearningTests {
  private static let grid = GridShape(width: 37, height: 29)
  private static let labels = 5

  private static func random(_ count: Int, seed: UInt64) -> [Double] {
    LearningDifferenceTests.Problem.random(count, seed: seed)
  }

  /// Colours of a few areas, with noise.
  private static let image: [Double] = {
    let noise = random(grid.count * 3, seed: 7)
    return (0..<grid.count * 3).map { index in
      let (x, y) = (index / 3 % grid.width, index / 3 / grid.width)
      return (x > 18 ? 150 : 40) + (y > 12 ? 60 : 0) + 20 * noise[index]
    }
  }()
  private static let energies = random(grid.count * labels, seed: 8).map { 3 * $0 }
  private static let upstream = random(grid.count * labels, seed: 9)

  private static func terms(
    _ normalization: Normalization = .symmetric, selfTerm: SelfTerm = .included,
    second: LearnedCompatibility = .diagonal([-2, -3, -1, -2.5, -2])
  ) throws -> [LearnedTerm] {
    [
      LearnedTerm(
        try .positions(on: grid, bandwidths: [2, 3]), compatibility: .potts(1.5),
        normalization: normalization, selfTerm: selfTerm),
      LearnedTerm(
        try .bilateral(
          on: grid, image: image, channels: 3, bandwidths: [12, 12, 30, 30, 30]),
        compatibility: second, normalization: normalization, selfTerm: selfTerm),
    ]
  }

  private static func gradient<Arithmetic: LearningArithmetic>(
    _ arithmetic: Arithmetic, _ terms: [LearnedTerm], recomputes: Bool = false,
    wanted: GradientSet = .all
  ) throws -> CRFGradient<Arithmetic.Field> where Arithmetic.Field: PlanarField {
    let crf = try DifferentiableCRF(
      points: grid.count, labelCount: labels, terms: terms, arithmetic: arithmetic)
    return crf.forward(
      .from(energies, channels: labels), UpdateOptions(iterations: 4, recomputes: recomputes)
    ).gradient(of: .from(upstream, channels: labels), wanted: wanted)
  }

  @Test(
    "the exact filter's gradients are those of float64",
    arguments: Normalization.allCases, SelfTerm.allCases)
  func exact(normalization: Normalization, selfTerm: SelfTerm) throws {
    // Without normalisation a point has hundreds of neighbours' weight.
    let second = LearnedCompatibility.unsymmetric(
      Self.random(25, seed: 10).map { ($0 - 0.8) * (normalization == .none ? 0.02 : 2) })
    var terms = try Self.terms(normalization, selfTerm: selfTerm, second: second)
    if normalization == .none { terms[0].compatibility = .potts(0.05) }
    let truth = try Self.gradient(AllPairsArithmetic(), terms)
    for recipe in [FilteredArithmetic.FeatureRecipe.pairs, .consistent] {
      let found = try Self.gradient(
        FilteredArithmetic(backend: .exact(threshold: 0), recipe: recipe), terms)
      // Float32 sums of a thousand terms that cancel: 1e-5 of the largest, and bandwidths, whose
      // sums cancel over the points too, 1e-3.
      func compare(_ name: String, _ found: [Double]?, _ expected: [Double]?, _ tolerance: Double)
        throws
      {
        let difference = relativeDifference(try #require(found), try #require(expected))
        #expect(difference <= tolerance, "\(recipe) \(name): \(difference)")
      }
      try compare("unary", found.unary?.doubles, truth.unary?.doubles, 2e-5)
      try compare("image", found.image, truth.image, 2e-4)
      for (a, b) in zip(found.terms, truth.terms) {
        try compare("weights", a.weights, b.weights, 2e-4)
        try compare("C", a.compatibility, b.compatibility, 2e-5)
        try compare("features", a.features, b.features, 2e-4)
        try compare("σ", a.bandwidths, b.bandwidths, 2e-3)
      }
    }
  }

  @Test("fused sweeps give what stages do", arguments: Normalization.allCases)
  func fused(normalization: Normalization) throws {
    var terms = try Self.terms(normalization)
    if normalization == .none {
      terms[0].compatibility = .potts(0.05)
      terms[1].compatibility = .diagonal([-0.02, -0.01, -0.03, -0.02, -0.02])
    }
    let fast = try Self.gradient(FilteredArithmetic(), terms, wanted: [.unary, .weights])
    // What is computed again does not begin in sweeps, nor end in one.
    let slow = try Self.gradient(FilteredArithmetic(), terms, recomputes: true)
    let difference = relativeDifference(
      try #require(fast.unary?.doubles), try #require(slow.unary?.doubles))
    // Two orders of the same sums of a hundred numbers in float32.
    #expect(difference <= 1e-5, "unary: \(difference)")
    for (a, b) in zip(fast.terms, slow.terms) {
      let difference = relativeDifference(try #require(a.weights), try #require(b.weights))
      #expect(difference <= 1e-4, "weights: \(difference)")
    }
  }

  @Test(
    "fused sweeps of matrices of any size give what stages do", arguments: [1, 3, 5, 8, 21, 24, 40])
  func fusedMatrices(labels: Int) throws {
    let count = Self.grid.count * labels
    let matrices = (0..<2).map { index in
      LearnedCompatibility.unsymmetric(
        Self.random(labels * labels, seed: UInt64(30 + index)).map {
          4 / Double(labels) * ($0 - 0.8)
        })
    }
    var terms = try Self.terms(.after, second: matrices[1])
    terms[0].compatibility = matrices[0]
    let crf = try DifferentiableCRF(
      points: Self.grid.count, labelCount: labels, terms: terms, arithmetic: FilteredArithmetic())
    let energies = ChannelField.from(
      Self.random(count, seed: 20).map { 3 * $0 }, channels: labels)
    let upstream = ChannelField.from(Self.random(count, seed: 21), channels: labels)
    let inferences = [false, true].map { recomputes in
      crf.forward(
        energies, UpdateOptions(iterations: 3, recomputes: recomputes, keepsEnergies: true))
    }
    let kept = relativeDifference(
      inferences[0].finalEnergies().doubles, inferences[1].finalEnergies().doubles)
    // Two orders of the same sums in float32, here and below.
    #expect(kept <= 1e-5, "energies: \(kept)")
    for wanted: GradientSet in [[.unary, .weights], [.unary, .compatibilities], .unary] {
      for isOfLogits in [false, true] {
        let found = inferences.map {
          isOfLogits
            ? $0.gradient(ofLogits: upstream, wanted: wanted)
            : $0.gradient(of: upstream, wanted: wanted)
        }
        let difference = relativeDifference(
          try #require(found[0].unary?.doubles), try #require(found[1].unary?.doubles))
        #expect(difference <= 1e-5, "unary: \(difference)")
        for (a, b) in zip(found[0].terms, found[1].terms) {
          #expect((a.weights == nil) == (b.weights == nil))
          for (a, b) in [(a.weights, b.weights), (a.compatibility, b.compatibility)] {
            guard let a, let b else { continue }
            // Sums over a thousand points that cancel. One label alone has nothing to choose: 0.
            let difference = relativeDifference(a, b)
            #expect(difference <= 2e-4, "C: \(difference)")
          }
        }
      }
    }
  }

  @Test("what is kept of the last energies is what is computed again", arguments: [0, 1, 3])
  func keptEnergies(iterations: Int) throws {
    let terms = try Self.terms()
    for (damping, recomputes) in [(1.0, false), (0.6, false), (1.0, true)] {
      let crf = try DifferentiableCRF(
        points: Self.grid.count, labelCount: Self.labels, terms: terms,
        arithmetic: FilteredArithmetic())
      let both = [false, true].map { keeps in
        crf.forward(
          .from(Self.energies, channels: Self.labels),
          UpdateOptions(
            iterations: iterations, damping: damping, recomputes: recomputes, keepsEnergies: keeps)
        )
      }
      #expect(both[0].marginals.rows() == both[1].marginals.rows())
      let difference = relativeDifference(
        both[0].finalEnergies().doubles, both[1].finalEnergies().doubles)
      // Sums in the order of sweeps and in that of stages.
      #expect(difference <= 1e-6, "\(difference)")
    }
  }

  @Test("fused sweeps of rows of any length", arguments: [1, 4, 16, 21, 32, 40, 60])
  func fusedRows(labels: Int) throws {
    let count = Self.grid.count * labels
    let crf = try DifferentiableCRF(
      points: Self.grid.count, labelCount: labels,
      terms: Self.terms(second: .potts(2)), arithmetic: FilteredArithmetic())
    let energies = ChannelField.from(
      Self.random(count, seed: 20).map { 3 * $0 }, channels: labels)
    let upstream = ChannelField.from(Self.random(count, seed: 21), channels: labels)
    let (fast, slow) = (
      crf.forward(energies, UpdateOptions(iterations: 3)).gradient(
        of: upstream, wanted: [.unary, .weights]),
      crf.forward(energies, UpdateOptions(iterations: 3, recomputes: true)).gradient(
        of: upstream, wanted: [.unary, .weights])
    )
    // Sums of a hundred numbers in two orders. One label alone has nothing to choose: 0.
    let difference = relativeDifference(
      try #require(fast.unary?.doubles), try #require(slow.unary?.doubles))
    #expect(difference <= 1e-5, "unary: \(difference)")
    for (a, b) in zip(fast.terms, slow.terms) {
      let difference = relativeDifference(try #require(a.weights), try #require(b.weights))
      #expect(difference <= 2e-4, "weights: \(difference)")
    }
  }

  @Test("the marginals are those of the CRF itself")
  func marginals() throws {
    let pixels = Self.image.map { Float($0) }
    let image = try Image(grid: Self.grid, channels: 3, pixels: .floats(pixels))
    let unary = try EnergyField(
      grid: Self.grid, labelCount: Self.labels, planes: Self.energies.map { Float($0) })
    let expected = try DenseCRF(
      scene: Scene(image), unary: unary,
      terms: [
        PairwiseTerm(SpatialGaussianKernel(sigma: [2, 3]), weight: 1.5),
        PairwiseTerm(
          BilateralKernel(spatialSigma: 12, colorSigma: 30),
          compatibility: .diagonal([-2, -3, -1, -2.5, -2])),
      ]
    ).marginals(iterations: 4)
    let crf = try DifferentiableCRF(
      points: Self.grid.count, labelCount: Self.labels, terms: Self.terms(),
      arithmetic: FilteredArithmetic())
    let found = crf.forward(
      .from(Self.energies, channels: Self.labels), UpdateOptions(iterations: 4))
    #expect(found.marginals.rows() == expected.values.rows())
  }

  @Test(
    "the number of threads changes no bit",
    arguments: [FilteredArithmetic.FeatureRecipe.pairs, .consistent, .lattice])
  func threads(recipe: FilteredArithmetic.FeatureRecipe) throws {
    let results = try [1, 2, 5].map { threads in
      try Self.gradient(
        FilteredArithmetic(recipe: recipe, parallelism: Parallelism(threads: threads)),
        Self.terms())
    }
    let matrix = LearnedCompatibility.unsymmetric(Self.random(25, seed: 15).map { $0 - 0.8 })
    let fused = try [1, 3].map { threads in
      try Self.gradient(
        FilteredArithmetic(parallelism: Parallelism(threads: threads)), Self.terms(second: matrix),
        wanted: [.unary, .weights])
    }
    for other in results.dropFirst() {
      #expect(other.unary?.rows() == results[0].unary?.rows())
      #expect(other.image == results[0].image)
      for (a, b) in zip(other.terms, results[0].terms) {
        #expect(a.compatibility == b.compatibility && a.bandwidths == b.bandwidths)
      }
    }
    #expect(fused[0].unary?.rows() == fused[1].unary?.rows())
    #expect(fused[0].terms.map(\.weights) == fused[1].terms.map(\.weights))
  }

  @Test("a lattice's own derivative is that of its sums, where points stay in their simplices")
  func latticeDifferences() throws {
    let (points, d) = (40, 3)
    let rows = Self.random(points * d, seed: 11).map { 3 * $0 }
    let direction = Self.random(points * d, seed: 12).map { $0 - 0.5 }
    let (a, q) = (Self.random(points * 2, seed: 13), Self.random(points * 2, seed: 14))
    func kernel(_ rows: [Double]) throws -> FilteredKernel {
      try FilteredArithmetic(recipe: .lattice).kernel(
        of: LearnedTerm(
          LearnedFeatures(rows: rows, dimensions: d), compatibility: .potts(1),
          normalization: .after))
    }
    let (aField, qField) = (
      ChannelField.from(a, channels: 2), ChannelField.from(q, channels: 2)
    )
    func value(_ rows: [Double]) throws -> Double {
      var sums = ChannelField(points: points, channels: 2)
      try kernel(rows).apply(to: qField, into: &sums)
      return zip(a, sums.doubles).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let middle = try kernel(rows)
    var transposed = ChannelField(points: points, channels: 2)
    middle.applyTransposed(to: aField, into: &transposed)
    var gradient = middle.featureGradient()
    gradient.add(aField, qField, transposed: transposed)
    let slope = zip(gradient.total(), direction).reduce(0) { $0 + $1.0 * $1.1 }
    // Short enough for most points to stay in their simplices, long enough for float32: sums near
    // 10 are rounded to 1e-6, the difference to 1e-3 of itself.
    let step = 2e-4
    let difference =
      (try value(zip(rows, direction).map { $0 + step * $1 })
        - value(zip(rows, direction).map { $0 - step * $1 })) / (2 * step)
    #expect(abs(slope - difference) <= 0.02 * abs(difference), "\(slope), \(difference)")
  }

  @Test("a filter without a derivative of its own refuses it")
  func refusal() throws {
    #expect(throws: InputError.self) {
      try FilteredArithmetic(backend: .permutohedral(.accurate), recipe: .lattice).kernel(
        of: Self.terms()[1])
    }
  }
}
