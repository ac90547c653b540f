import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Scores that rule labels out")
struct HardScoreTests {
  private let grid = GridShape(width: 2, height: 1)

  private func unary(
    _ planes: [Float], labels: Int, _ kind: ScoreKind, on grid: GridShape? = nil
  ) throws -> ScoreMapUnary {
    let grid = grid ?? self.grid
    return try ScoreMapUnary(
      NumericArray(shape: [labels, grid.height, grid.width], values: planes), kind: kind,
      layout: .channelsFirst)
  }

  @Test("a logit of -inf is no small probability but none, and others are as without it")
  func logits() throws {
    let found = try unary([1, 1, 2, -.infinity, 0, 3], labels: 3, .logits)
      .energies(for: Scene(grid: grid))
    let probabilities = found.probabilities().rows()
    #expect(probabilities[4] == 0)
    // Softmax over the two labels that are left: within some roundings of floats.
    let rest = Reference.probabilities(energies: [-1, -3])
    #expect(largestDifference([probabilities[3], probabilities[5]], rest) < 1e-6)
    let first = Reference.energies(logits: [1, 2, 0])
    #expect(largestDifference(Array(found.values.rows().prefix(3)), first) < 5e-6)
  }

  @Test("an energy of inf is as one beyond all others, in score maps and in fields")
  func energies() throws {
    let hard: [Float] = [0, .infinity, 2, 1]
    // e to the power of −1e6 is 0 too.
    let large: [Float] = [0, 1e6, 2, 1]
    let expected = try unary(large, labels: 2, .energies).energies(for: Scene(grid: grid))
      .probabilities().rows()
    let found = try unary(hard, labels: 2, .energies).energies(for: Scene(grid: grid))
    #expect(found.probabilities().rows() == expected)
    #expect(expected[2] == 0 && expected[3] == 1)
    let planes = try EnergyField(grid: grid, labelCount: 2, planes: hard)
    #expect(planes.probabilities().rows() == expected)
    let rows = try EnergyField(
      grid: grid, values: ChannelField(points: 2, channels: 2, rows: [0, 2, .infinity, 1]))
    #expect(rows.probabilities().rows() == expected)
  }

  @Test(
    "points that depend on a ruled-out score have none of it, and no NaN", arguments: [false, true])
  func coarse(alignCorners: Bool) throws {
    let coarse = GridShape(width: 3, height: 2)
    var planes = (0..<18).map { Float($0 % 5) }
    planes[6] = -.infinity
    let scores = try NumericArray(shape: [3, 2, 3], values: planes)
    let unary = try ScoreMapUnary(
      scores, kind: .logits, layout: .channelsFirst, alignCorners: alignCorners)
    let fine = GridShape(width: 12, height: 8)
    let found = try unary.energies(for: Scene(grid: fine)).probabilities().rows()
    #expect(found.allSatisfy { $0.isFinite })
    // How much each point depends on the cell in the corner.
    let corner = (0..<6).map { $0 == 0 ? 1.0 : 0 }
    for point in 0..<fine.count {
      let weight = Reference.upsample(
        corner, from: coarse, to: fine, at: point, alignCorners: alignCorners)
      #expect((found[point * 3 + 1] == 0) == (weight > 1e-12), "point \(point), weight \(weight)")
    }
  }

  @Test(
    "where neighbours rule out different labels, all of them, the nearest one's word counts",
    arguments: [ScoreKind.logits, .energies])
  func contradiction(kind: ScoreKind) throws {
    let infinity: Float = kind == .logits ? -.infinity : .infinity
    let unary = try unary([infinity, 0, 0, infinity], labels: 2, kind)
    let found = try unary.energies(for: Scene(grid: GridShape(width: 8, height: 4)))
      .probabilities().rows()
    #expect(found.allSatisfy { $0.isFinite })
    #expect(found[0] == 0 && found[1] == 1)
    #expect(found[14] == 1 && found[15] == 0)
    #expect(found[6] == 0 && found[9] == 0)
  }

  @Test("read in parts, they are as read whole")
  func regions() throws {
    let coarse = GridShape(width: 6, height: 4)
    var scores = try RandomScores(labels: 3, extents: [4, 6]).array(.channelsFirst).values
    for index in [3, 30, 31, 50] { scores[index] = -.infinity }
    let array = try NumericArray(shape: [3] + coarse.extents, values: scores)
    let fine = GridShape(width: 24, height: 16)
    let whole = try ScoreMapUnary(array, kind: .logits, layout: .channelsFirst)
      .energies(for: Scene(grid: fine)).values.rows()
    let regions = try ScoreRegions(
      array, over: fine, kind: .logits, layout: .channelsFirst, alignCorners: false,
      parallelism: .serial)
    for (rows, columns) in [(0..<5, 0..<24), (5..<16, 0..<11), (5..<16, 11..<24)] {
      let part = try regions.read(GridRegion(rows: rows, columns: columns)).values.rows()
      let expected = rows.flatMap { row in
        columns.flatMap { column in (0..<3).map { whole[(row * 24 + column) * 3 + $0] } }
      }
      #expect(part == expected)
    }
  }

  @Test("several scales agree: what all of them rule out is ruled out")
  func scales() throws {
    let maps = try [[-.infinity, 1, 0, 2], [-.infinity, -.infinity, 1, 0]].map {
      try NumericArray(shape: [2, 1, 2], values: $0)
    }
    let found = try MultiScaleUnary(maps, layout: .channelsFirst).energies(for: Scene(grid: grid))
      .probabilities().rows()
    #expect(found[0] == 0 && found[1] == 1)
    #expect(found[2] > 0.1)
  }

  @Test("a point without any label, NaN, and the other infinity are refused by their place")
  func refused() {
    let none = errorText { _ = try unary([1, -.infinity, 2, -.infinity], labels: 2, .logits) }
    #expect(none.contains("all 2 labels at row 0, column 1 are -inf"), "\(none)")
    #expect(
      errorText { _ = try unary([1, .infinity, 2, 0], labels: 2, .logits) }
        .contains("label 0 at row 0, column 1 is inf"))
    #expect(
      errorText { _ = try unary([1, 0, 2, -.infinity], labels: 2, .energies) }
        .contains("label 1 at row 0, column 1 is -inf"))
    #expect(
      errorText {
        _ = try EnergyField(grid: grid, labelCount: 2, planes: [0, .infinity, 1, .infinity])
      }
      .contains("rules out every label"))
    #expect(
      errorText { _ = try EnergyField(grid: grid, labelCount: 2, planes: [0, .nan, 1, 1]) }
        .contains("label 0 at row 0, column 1 is nan"))
  }
}

@Suite("Scores that are not quite probabilities")
struct NormalizedScoreTests {
  private func text(_ values: [Float], labels: Int = 3) -> String {
    errorText {
      _ = try ScoreMapUnary(
        NumericArray(shape: [labels, 1, values.count / labels], values: values),
        kind: .probabilities, layout: .channelsFirst)
    }
  }

  @Test("they are divided by their sum where that is asked for")
  func normalized() throws {
    let grid = GridShape(width: 3, height: 1)
    // In 8 bits, slightly outside, and nothing at all.
    let found = try ScoreMapUnary(
      NumericArray(shape: [2, 1, 3], values: [51, -0.25, 0, 204, 1.5, 0]), kind: .probabilities,
      layout: .channelsFirst, normalizes: true
    ).energies(for: Scene(grid: grid)).values.rows()
    let expected = [0.2, 0.8, 1e-5, 1, 0.5, 0.5].map { -log($0) }
    // One logarithm of a float: within 2⁻²³ of values up to 12.
    #expect(largestDifference(found, expected) < 2e-6)
    #expect(
      errorText {
        _ = try ScoreMapUnary(
          NumericArray(shape: [2, 1, 1], values: [1, 2]), kind: .logits, layout: .channelsFirst,
          normalizes: true)
      }.contains("only probabilities"))
  }

  @Test("the refusal says what they look like, and how to take them")
  func refused() {
    #expect(text([200, 50, 5]).contains("probabilities in 8 bits: normalization of the scores"))
    #expect(
      text([60000, 5535, 0]).contains("probabilities in 16 bits: normalization of the scores"))
    #expect(text([0.9, 0.3, 0.1]).contains("one sigmoid for each label"))
    #expect(text([1.01, 0, -0.01]).contains("normalization of the scores"))
    #expect(!text([4, -3, 0.5]).contains("normalization of the scores"))
    #expect(text([4, -3, 0.5]).contains("the score kind 'logits'"))
  }

  @Test("scores that are hardly logits are recognised, and logits are not")
  func suspicions() throws {
    func suspicion(_ scores: RandomScores, _ layout: ChannelLayout) throws -> ScoreSuspicion? {
      let array = try scores.array(layout)
      return try ScoreSuspicion(logits: array, form: ScoreShape(array.shape, layout: layout))
    }
    for layout in ChannelLayout.allCases {
      let logits = try RandomScores(labels: 3, extents: [9, 7])
      #expect(try suspicion(logits, layout) == nil)
      #expect(try suspicion(logits.softmax(), layout) == .probabilities)
    }
    let softmax = try RandomScores(labels: 4, extents: [5, 6]).softmax().array(.channelsFirst)
    let form = try ScoreShape(softmax.shape, layout: .channelsFirst)
    func look(_ change: (Float) -> Float) throws -> ScoreSuspicion? {
      try ScoreSuspicion(
        logits: NumericArray(shape: softmax.shape, values: softmax.values.map(change)), form: form)
    }
    #expect(try look { ($0 * 255).rounded() } == .bytes)
    #expect(try look { -log($0) } == .energies)
    // Log-probabilities are logits that softmax leaves alone.
    #expect(try look { log($0) } == nil)
  }
}
