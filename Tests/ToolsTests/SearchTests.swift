import Evaluation
import LatticeSupport
import Testing
import Tuning

struct SearchTests {
  private static func ranges(
    _ texts: [CRFSetting.Parameter: String]
  ) throws -> [CRFSetting.Parameter: SearchRange] {
    let fixed = Dictionary(
      uniqueKeysWithValues: CRFSetting.Parameter.allCases.map { ($0, "3") })
    let all = fixed.merging(texts) { $1 }
    return Dictionary(
      uniqueKeysWithValues: try all.map { ($0, try SearchRange($1, for: $0)) })
  }

  /// One hill over w₁, σα and σβ.
  private static func hill(_ setting: CRFSetting) -> Double {
    let (w, a, b) = (
      setting[.bilateralWeight], setting[.bilateralSpatial], setting[.bilateralColor]
    )
    return -Double((w - 4.4) * (w - 4.4) + (a - 57) * (a - 57) / 100 + (b - 4.8) * (b - 4.8))
  }

  private static let paper: [CRFSetting.Parameter: String] = [
    .bilateralWeight: "3:6", .bilateralSpatial: "30:10:100", .bilateralColor: "3:6",
  ]

  @Test func theCoarseRoundHasEverySettingOnceAndNeighboursShareFilters() throws {
    let search = CoarseToFineSearch(
      ranges: try Self.ranges(Self.paper), iterations: [10], refinements: 0)
    #expect(search.coarseCount == 4 * 8 * 4)
    let settings = search.run { $0.map(Self.hill) }.rounds[0].settings
    #expect(settings.count == 128 && Set(settings).count == 128)
    let pairs = settings.map { [$0[.bilateralSpatial], $0[.bilateralColor]] }
    #expect(zip(pairs, pairs.dropFirst()).count { $0 != $1 } == 8 * 4 - 1)
    #expect(settings.allSatisfy { $0[.gaussianWeight] == 3 && $0[.gaussianSpatial] == 3 })
  }

  @Test func refinementsCloseInOnAKnownOptimum() throws {
    let search = CoarseToFineSearch(
      ranges: try Self.ranges(Self.paper), iterations: [10], refinements: 5)
    let best = search.run { $0.map(Self.hill) }.best.setting
    // The last gaps are 2⁻⁵ of the first; the hill is separable, so that the best is within half of
    // one along every axis, and within one for rounding.
    #expect(abs(best[.bilateralWeight] - 4.4) <= 1.0 / 32)
    #expect(abs(best[.bilateralSpatial] - 57) <= 10.0 / 32)
    #expect(abs(best[.bilateralColor] - 4.8) <= 1.0 / 32)
    #expect(best[.gaussianWeight] == 3 && best.iterations == 10)
  }

  @Test func theFirstRefinementTriesHalfAGapToEitherSide() throws {
    let search = CoarseToFineSearch(
      ranges: try Self.ranges(Self.paper), iterations: [5, 10], refinements: 1)
    let rounds = search.run { $0.map { Self.hill($0) + Double($0.iterations) / 100 } }.rounds
    #expect(rounds[1].settings.count == 27 * 2)
    #expect(Set(rounds[1].settings.map { $0[.bilateralSpatial] }) == [55, 60, 65])
    #expect(Set(rounds[1].settings.map { $0[.bilateralWeight] }) == [3.5, 4, 4.5])
    #expect(Set(rounds[1].settings.map(\.iterations)) == [5, 10])
  }

  @Test func anOptimumAtAnEndIsSaidToBeThere() throws {
    let search = CoarseToFineSearch(
      ranges: try Self.ranges([.bilateralWeight: "1,2,4", .bilateralColor: "3:6"]),
      iterations: [10], refinements: 1)
    let result = search.run { settings in
      settings.map { Double($0[.bilateralWeight]) - abs(Double($0[.bilateralColor]) - 4) }
    }
    #expect(result.parametersAtEnds == [.bilateralWeight])
    // Half of the last gap beyond the end.
    #expect(result.best.setting[.bilateralWeight] == 5)
  }

  @Test func amongEqualsTheFirstIsTheBest() throws {
    let search = CoarseToFineSearch(
      ranges: try Self.ranges(Self.paper), iterations: [10], refinements: 1)
    let result = search.run { $0.map { _ in 0.5 } }
    #expect(result.best.setting == result.rounds[0].settings[0])
    #expect(Set(result.ranking.map(\.setting)).count == result.ranking.count)
  }

  @Test func bandwidthsStayAboveZeroAndWeightsDoNotFallBelow() throws {
    let search = CoarseToFineSearch(
      ranges: try Self.ranges([.bilateralWeight: "0,3", .bilateralColor: "1,4"]),
      iterations: [10], refinements: 3)
    let result = search.run { settings in
      settings.map { -Double($0[.bilateralWeight] + $0[.bilateralColor]) }
    }
    for setting in result.ranking.map(\.setting) {
      #expect(setting[.bilateralWeight] >= 0 && setting[.bilateralColor] > 0)
    }
    #expect(result.best.setting[.bilateralColor] < 0.5)
  }

  @Test(
    arguments: [
      ("4", [4]), ("3:6", [3, 4, 5, 6]), ("30:10:55", [30, 40, 50]), ("5,3,5", [3, 5]),
      ("0.1:0.1:0.3", [0.1, 0.2, 0.3]),
    ] as [(String, [Float])])
  func rangesAreReadAsPapersWriteThem(text: String, values: [Float]) throws {
    let range = try SearchRange(text, for: .bilateralWeight)
    #expect(range.values.count == values.count)
    // 0.1 has no exact float; neither have its multiples.
    #expect(zip(range.values, values).allSatisfy { abs($0 - $1) <= 1e-6 })
  }

  @Test func objectivesAreThoseOfTheConfusionMatrices() throws {
    let tally = Tally(
      whole: try ConfusionMatrix(counts: [6, 2, 1, 3]),
      band: try ConfusionMatrix(counts: [1, 1, 0, 2]))
    #expect(try Objective.accuracy.value(of: tally) == 9.0 / 12)
    #expect(try Objective.miou.value(of: tally) == (6.0 / 9 + 3.0 / 6) / 2)
    #expect(try Objective.trimap.value(of: tally) == (1.0 / 2 + 2.0 / 3) / 2)
    let empty = ConfusionMatrix(labelCount: 2)
    #expect(throws: InputError.self) {
      try Objective.miou.value(of: Tally(whole: empty, band: empty))
    }
  }
}
