import Evaluation
import LatticeSupport
import MeanField
import Pipeline
import Testing
import Tuning

struct SearchTests {
  /// DeepLab's two kernels, of which every number that is not named is 3.
  private static func space(_ ranges: [String: String]) throws -> SearchSpace {
    let names = [
      "gaussian.weight", "gaussian.spatial", "bilateral.weight", "bilateral.spatial",
      "bilateral.color",
    ]
    return try SearchSpace(
      Plan(CRFModel.preset(CRFModel.defaultPreset)),
      names.map { SearchSpace.Choice($0, range: ranges[$0] ?? "3") })
  }

  /// One hill over w₁, σα and σβ.
  private static func hill(_ setting: TunedSetting) -> Double {
    let (w, a, b) = (setting.w1, setting.alpha, setting.beta)
    return -Double((w - 4.4) * (w - 4.4) + (a - 57) * (a - 57) / 100 + (b - 4.8) * (b - 4.8))
  }

  private static let paper = [
    "bilateral.weight": "3:6", "bilateral.spatial": "30:10:100", "bilateral.color": "3:6",
  ]

  @Test func theCoarseRoundHasEverySettingOnceAndNeighboursShareFilters() throws {
    let search = CoarseToFineSearch(
      try Self.space(Self.paper), iterations: [10], refinements: 0)
    #expect(search.coarseCount == 4 * 8 * 4)
    let settings = search.run { $0.map(Self.hill) }.rounds[0].settings
    #expect(settings.count == 128 && Set(settings).count == 128)
    let pairs = settings.map { [$0.alpha, $0.beta] }
    #expect(zip(pairs, pairs.dropFirst()).count { $0 != $1 } == 8 * 4 - 1)
    #expect(settings.allSatisfy { $0.values[0] == 3 && $0.values[1] == 3 })
  }

  @Test func refinementsCloseInOnAKnownOptimum() throws {
    let search = CoarseToFineSearch(
      try Self.space(Self.paper), iterations: [10], refinements: 5)
    let best = search.run { $0.map(Self.hill) }.best.setting
    // The last gaps are 2⁻⁵ of the first; the hill is separable, so that the best is within half of
    // one along every axis, and within one for rounding.
    #expect(abs(best.w1 - 4.4) <= 1.0 / 32)
    #expect(abs(best.alpha - 57) <= 10.0 / 32)
    #expect(abs(best.beta - 4.8) <= 1.0 / 32)
    #expect(best.values[0] == 3 && best.iterations == 10)
  }

  @Test func theFirstRefinementTriesHalfAGapToEitherSide() throws {
    let search = CoarseToFineSearch(
      try Self.space(Self.paper), iterations: [5, 10], refinements: 1)
    let rounds = search.run { $0.map { Self.hill($0) + Double($0.iterations) / 100 } }.rounds
    #expect(rounds[1].settings.count == 27 * 2)
    #expect(Set(rounds[1].settings.map { $0.alpha }) == [55, 60, 65])
    #expect(Set(rounds[1].settings.map { $0.w1 }) == [3.5, 4, 4.5])
    #expect(Set(rounds[1].settings.map(\.iterations)) == [5, 10])
  }

  @Test func anOptimumAtAnEndIsSaidToBeThere() throws {
    let search = CoarseToFineSearch(
      try Self.space(["bilateral.weight": "1,2,4", "bilateral.color": "3:6"]),
      iterations: [10], refinements: 1)
    let result = search.run { settings in
      settings.map { Double($0.w1) - abs(Double($0.beta) - 4) }
    }
    #expect(result.parametersAtEnds.map(\.name) == ["bilateral.weight"])
    // Half of the last gap beyond the end.
    #expect(result.best.setting.w1 == 5)
  }

  @Test func amongEqualsTheFirstIsTheBest() throws {
    let search = CoarseToFineSearch(
      try Self.space(Self.paper), iterations: [10], refinements: 1)
    let result = search.run { $0.map { _ in 0.5 } }
    #expect(result.best.setting == result.rounds[0].settings[0])
    #expect(Set(result.ranking.map(\.setting)).count == result.ranking.count)
  }

  @Test func bandwidthsStayAboveZeroAndWeightsDoNotFallBelow() throws {
    let search = CoarseToFineSearch(
      try Self.space(["bilateral.weight": "0,3", "bilateral.color": "1,4"]),
      iterations: [10], refinements: 3)
    let result = search.run { settings in
      settings.map { -Double($0.w1 + $0.beta) }
    }
    for setting in result.ranking.map(\.setting) {
      #expect(setting.w1 >= 0 && setting.beta > 0)
    }
    #expect(result.best.setting.beta < 0.5)
  }

  @Test(
    arguments: [
      ("4", [4]), ("3:6", [3, 4, 5, 6]), ("30:10:55", [30, 40, 50]), ("5,3,5", [3, 5]),
      ("0.1:0.1:0.3", [0.1, 0.2, 0.3]),
    ] as [(String, [Float])])
  func rangesAreReadAsPapersWriteThem(text: String, values: [Float]) throws {
    let range = try #require(Self.space(["bilateral.weight": text]).ranges.dropFirst(2).first)
    #expect(range.values.count == values.count)
    // 0.1 has no exact float; neither have its multiples.
    #expect(zip(range.values, values).allSatisfy { abs($0 - $1) <= 1e-6 })
  }

  @Test func objectivesAreThoseOfTheConfusionMatrices() throws {
    let tally = Tally(
      whole: try ConfusionMatrix(counts: [6, 2, 1, 3]),
      band: try ConfusionMatrix(counts: [1, 1, 0, 2]))
    #expect(try SearchGoal.accuracy.value(of: tally) == 9.0 / 12)
    #expect(try SearchGoal.miou.value(of: tally) == (6.0 / 9 + 3.0 / 6) / 2)
    #expect(try SearchGoal.trimap.value(of: tally) == (1.0 / 2 + 2.0 / 3) / 2)
    let empty = ConfusionMatrix(labelCount: 2)
    #expect(throws: InputError.self) {
      try SearchGoal.miou.value(of: Tally(whole: empty, band: empty))
    }
  }

  @Test func aModelOfItsSettingHasThatSetting() throws {
    let space = try Self.space(Self.paper)
    #expect(space.parameters.map(\.symbol) == ["w₂", "σγ", "w₁", "σα", "σβ"])
    let setting = TunedSetting([1, 2, 3, 4, 5], iterations: 6)
    let model = try #require(space.model(of: setting))
    #expect(space.setting(of: model) == setting)
    #expect(
      model.terms.map(\.description)
        == ["gaussian:weight=1,spatial=2", "bilateral:weight=3,spatial=4,color=5"])
    #expect(model.iterations == 6)
  }

  @Test func anyNumberOfAnyKernelCanBeSearched() throws {
    let model = CRFModel(terms: [
      try .init("features:weight=2,file=f.npy,sigma=1x2"), try .init("gaussian:weight=1,spatial=2"),
      try .init("gaussian:weight=3,spatial=8"),
    ])
    let space = try SearchSpace(
      Plan(model),
      ["2.spatial=4,8", "features.sigma=1:3", "0.weight=1"].map { try SearchSpace.Choice($0) })
    #expect(space.parameters.map(\.name) == ["features.weight", "features.sigma", "2.spatial"])
    // One bandwidth for each axis is not one number.
    #expect(space.setting(of: model).values == [2, nil, 8])
    #expect(space.model(of: space.setting(of: model)) == model)
  }

  @Test(arguments: [
    ("bilateral.color", "'bilateral.color'"), ("bilateral=3", "term and one of its settings"),
    ("bilaterl.color=3", "did you mean 'bilateral'"), ("7.color=3", "no term '7'"),
    ("bilateral.colour=3", "did you mean 'color'"), ("bilateral.color=0", "above 0"),
    ("gaussian.weight=-1", "at least 0"), ("gaussian.spatial=few", "first:step:last"),
  ])
  func whatIsNotANumberOfTheModelIsRefused(text: String, says: String) throws {
    let error = try #require(throws: InputError.self) {
      try SearchSpace(
        Plan(CRFModel.preset("densecrf")), [SearchSpace.Choice(text, saidBy: "the third")])
    }
    #expect(error.description.contains("the third"), "\(error)")
    #expect(error.description.contains(says), "\(error)")
  }
}

extension TunedSetting {
  fileprivate var w1: Float { values[2] ?? 0 }
  fileprivate var alpha: Float { values[3] ?? 0 }
  fileprivate var beta: Float { values[4] ?? 0 }
}
