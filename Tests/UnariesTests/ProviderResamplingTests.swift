import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Scores on coarser grids")
struct ProviderResamplingTests {
  struct Sizes: Sendable, CustomTestStringConvertible {
    let coarse: [Int]
    let fine: [Int]
    var testDescription: String { "\(coarse) → \(fine)" }
    init(_ coarse: [Int], _ fine: [Int]) { (self.coarse, self.fine) = (coarse, fine) }
  }

  @Test(
    "upsampling is linear along each axis",
    arguments: [
      Sizes([5, 7], [40, 56]), Sizes([5, 7], [33, 49]), Sizes([1, 1], [3, 4]),
      Sizes([3, 5], [4, 6]), Sizes([1, 9], [1, 65]), Sizes([4], [13]),
      Sizes([2, 3, 4], [5, 8, 10]),
      Sizes([2, 2, 2, 2], [4, 4, 4, 4]),
    ], [false, true])
  func linear(sizes: Sizes, alignCorners: Bool) throws {
    let scores = try RandomScores(labels: 3, extents: sizes.coarse)
    let fine = try GridShape(sizes.fine)
    let expected = (0..<fine.count).flatMap { point in
      scores.planes.map {
        Reference.upsample(
          $0.map(Double.init), from: scores.grid, to: fine, at: point, alignCorners: alignCorners)
      }
    }
    for layout in ChannelLayout.allCases {
      let unary = try ScoreMapUnary(
        scores.array(layout), kind: .energies, layout: layout, alignCorners: alignCorners)
      let energies = try unary.energies(for: Scene(grid: fine)).values.rows()
      // Weights and products are rounded once an axis, of scores up to 12: 2⁻²⁴ · 12 · a few.
      #expect(largestDifference(energies, expected) < 5e-6)
    }
  }

  @Test("half-pixel centres put cells over blocks, and hold the border")
  func halfPixelByHand() throws {
    let unary = try ScoreMapUnary(
      NumericArray(shape: [1, 2], values: [0, 4]), kind: .energies, layout: .channelsFirst)
    let energies = try unary.energies(for: Scene(grid: GridShape([4])))
    // Output centres lie at −¼, ¼, ¾ and 1¼ cells.
    #expect(energies.values.rows() == [0, 1, 3, 4])
  }

  @Test("aligned corners keep the outermost scores")
  func alignedCornersByHand() throws {
    let unary = try ScoreMapUnary(
      NumericArray(shape: [1, 2], values: [0, 4]), kind: .energies, layout: .channelsFirst,
      alignCorners: true)
    let energies = try unary.energies(for: Scene(grid: GridShape([5])))
    #expect(energies.values.rows() == [0, 1, 2, 3, 4])
  }

  @Test("logits are upsampled before the softmax, probabilities before the logarithm")
  func order() throws {
    let scores = try RandomScores(labels: 3, extents: [3, 4])
    let probabilities = scores.softmax()
    let fine = GridShape(width: 16, height: 12)
    func expected(_ scores: RandomScores, _ convert: ([Double]) -> [Double]) -> [Double] {
      (0..<fine.count).flatMap { point in
        convert(
          scores.planes.map {
            Reference.upsample(
              $0.map(Double.init), from: scores.grid, to: fine, at: point, alignCorners: false)
          })
      }
    }
    func energies(_ scores: RandomScores, _ kind: ScoreKind) throws -> [Float] {
      try ScoreMapUnary(scores.array(.channelsFirst), kind: kind, layout: .channelsFirst)
        .energies(for: Scene(grid: fine)).values.rows()
    }
    // As for the single steps: roundings of numbers up to 12.
    #expect(
      largestDifference(
        try energies(scores, .logits), expected(scores) { Reference.energies(logits: $0) }) < 5e-6)
    #expect(
      largestDifference(
        try energies(probabilities, .probabilities),
        expected(probabilities) { $0.map { -logarithm(max($0, 1e-5)) } }) < 5e-6)
  }

  @Test(
    "sizes that an output stride explains are accepted",
    arguments: [
      Sizes([41, 41], [321, 321]), Sizes([65, 65], [513, 513]), Sizes([45, 60], [360, 480]),
      Sizes([47, 63], [375, 500]), Sizes([46, 62], [375, 500]), Sizes([33, 33], [513, 513]),
      Sizes([128, 256], [1024, 2048]), Sizes([129, 257], [1024, 2048]), Sizes([1, 1], [5, 8]),
      Sizes([90, 120], [360, 480]), Sizes([1, 60], [1, 480]),
    ])
  func plausible(sizes: Sizes) throws {
    let unary = try ScoreMapUnary(
      RandomScores(labels: 2, extents: sizes.coarse).array(.channelsFirst), kind: .logits,
      layout: .channelsFirst)
    let fine = try GridShape(sizes.fine)
    let resampling = try #require(try unary.resampling(to: fine))
    #expect(resampling.from == unary.nativeGrid)
    #expect(resampling.to == fine)
  }

  @Test("a resampling says what it does")
  func description() throws {
    func text(_ coarse: [Int], _ fine: [Int], alignCorners: Bool) throws -> String? {
      try ScoreMapUnary(
        RandomScores(labels: 2, extents: coarse).array(.channelsFirst), kind: .logits,
        layout: .channelsFirst, alignCorners: alignCorners
      ).resampling(to: GridShape(fine))?.description
    }
    #expect(
      try text([45, 60], [360, 480], alignCorners: false)
        == "scores upsampled 60×45 → 480×360, bilinear, half-pixel centres")
    #expect(
      try text([2, 3, 4], [4, 6, 8], alignCorners: true)
        == "scores upsampled 2×3×4 → 4×6×8, trilinear, aligned corners")
  }

  struct Misfit: Sendable, CustomTestStringConvertible {
    let shape: [Int]
    let layout: ChannelLayout
    let scene: [Int]
    let found: String
    let remedy: String
    var testDescription: String { "\(shape) on \(scene)" }
  }

  @Test(
    "sizes that do not fit are refused with the likely mistake",
    arguments: [
      // Channels last, at full and at low resolution, read as channels first; and the reverse.
      Misfit(
        shape: [36, 48, 11], layout: .channelsFirst, scene: [36, 48], found: "(L,H,W)",
        remedy: "looks like (H,W,L): use the layout with the labels last"),
      Misfit(
        shape: [45, 60, 11], layout: .channelsFirst, scene: [360, 480], found: "(L,H,W)",
        remedy: "looks like (H,W,L): use the layout with the labels last"),
      Misfit(
        shape: [40, 40, 5], layout: .channelsFirst, scene: [40, 40], found: "5×40",
        remedy: "looks like (H,W,L): use the layout with the labels last"),
      Misfit(
        shape: [11, 36, 48], layout: .channelsLast, scene: [36, 48], found: "(H,W,L)",
        remedy: "looks like (L,H,W): use the layout with the labels first"),
      Misfit(
        shape: [5, 6, 7, 2], layout: .channelsFirst, scene: [5, 6, 7], found: "(L,D,H,W)",
        remedy: "looks like (D,H,W,L): use the layout with the labels last"),
      // A cloud of points, labels last.
      Misfit(
        shape: [500, 3], layout: .channelsFirst, scene: [500], found: "500 labels on 3",
        remedy: "looks like (N,L): use the layout with the labels last"),
      // Width and height exchanged.
      Misfit(
        shape: [11, 48, 36], layout: .channelsFirst, scene: [36, 48], found: "36×48",
        remedy: "looks like (L,W,H): transpose to (L,H,W)"),
      Misfit(
        shape: [11, 60, 45], layout: .channelsFirst, scene: [360, 480], found: "45×60",
        remedy: "looks like (L,W,H): transpose to (L,H,W)"),
      Misfit(
        shape: [48, 36, 11], layout: .channelsFirst, scene: [36, 48], found: "48 labels on 11×36",
        remedy: "looks like (W,H,L): transpose to (L,H,W)"),
      // Neither the size nor the proportions.
      Misfit(
        shape: [3, 50, 60], layout: .channelsFirst, scene: [36, 48], found: "60×50",
        remedy: "larger than the scene"),
      Misfit(
        shape: [3, 36, 24], layout: .channelsFirst, scene: [36, 48], found: "24×36",
        remedy: "belong to this scene"),
      Misfit(
        shape: [3, 40, 40], layout: .channelsFirst, scene: [360, 480], found: "40×40",
        remedy: "belong to this scene"),
      // Another number of axes.
      Misfit(
        shape: [1, 3, 36, 48], layout: .channelsFirst, scene: [36, 48],
        found: "3 axes beside the labels, but the scene, 48×36, has 2: expected (L,H,W)",
        remedy: "drop the batch axis: shape (3, 36, 48)"),
      Misfit(
        shape: [3, 1728], layout: .channelsFirst, scene: [36, 48],
        found: "1 axis beside the labels",
        remedy: "reshape to (3, 36, 48)"),
      Misfit(
        shape: [1728, 3], layout: .channelsLast, scene: [36, 48], found: "expected (H,W,L)",
        remedy: "reshape to (36, 48, 3)"),
    ])
  func implausible(misfit: Misfit) throws {
    let array = try NumericArray(
      shape: misfit.shape, values: [Float](repeating: 0, count: misfit.shape.reduce(1, *)))
    let unary = try ScoreMapUnary(array, kind: .logits, layout: misfit.layout)
    let grid = try GridShape(misfit.scene)
    let text = errorText { _ = try unary.energies(for: Scene(grid: grid)) }
    let shape = "(" + misfit.shape.map(String.init).joined(separator: ", ") + ")"
    #expect(text.contains(shape) && text.contains("\(grid)"), "\(text)")
    #expect(text.contains(misfit.found), "\(text)")
    #expect(text.contains(misfit.remedy), "\(text)")
    #expect(errorText { _ = try unary.resampling(to: grid) } == text)
  }
}
