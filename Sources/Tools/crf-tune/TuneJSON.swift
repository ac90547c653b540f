import Evaluation
import LatticeSupport
import ToolSupport
import Tuning

/// A search's outcome as JSON; all shares are 0…1.
struct TuneJSON: Encodable {
  /// The paper's symbols in letters.
  private static let keys = [
    "w₁": "w1", "w₂": "w2", "σα": "sigma_alpha", "σβ": "sigma_beta", "σγ": "sigma_gamma",
  ]

  /// The numbers of a setting; `nil` without a CRF.
  private static func json(_ setting: TunedSetting, of space: SearchSpace) -> JSONValue? {
    guard setting.iterations > 0 else { return nil }
    let numbers = zip(space.parameters, setting.values).map { parameter, value in
      JSONValue.Member(
        keys[parameter.symbol] ?? parameter.name, value.map(parameter.json) ?? .null)
    }
    let updates = JSONValue.Member("iterations", .number(setting.iterations))
    return .object(numbers + (space.base == nil ? [] : [updates]))
  }

  private struct Figures: Encodable {
    let title: String
    /// Absent without a CRF.
    let setting: JSONValue?
    let meanIou: Double?
    let trimapIou: Double?
    let pixelAccuracy: Double?
    let classIou: [Double?]

    init(_ row: SearchOutcome.Row, of space: SearchSpace) {
      title = row.title
      setting = TuneJSON.json(row.setting, of: space)
      meanIou = row.tally.whole.meanIOU
      trimapIou = row.tally.band.meanIOU
      pixelAccuracy = row.tally.whole.pixelAccuracy
      classIou = row.tally.whole.intersectionsOverUnion
    }
  }

  private struct Trial: Encodable {
    let setting: JSONValue?
    let objective: Double
  }

  private let warnings = WarningReport.all.map(\.description)
  private let objective: String
  private let trimapWidth: Int
  private let images: [String]
  private let imagesHeldOut: [String]
  private let evaluations: Int
  private let evaluationsFound: Int
  private let seconds: Double
  private let tuned: [Figures]
  private let heldOut: [Figures]
  /// Best first.
  private let trials: [Trial]
  private let parametersAtEnds: [String]
  /// Absent where nothing was learned.
  private let learned: Learned?
  /// Absent where none were tried.
  private let cleanUps: CleanUps?

  private struct Learned: Encodable {
    struct Number: Encodable {
      let name: String
      let start: Double
      let value: Double
    }

    struct Step: Encodable {
      let evaluations: Int
      let loss: Double
      let meanIou: Double?
      let heldOutLoss: Double?
      let heldOutMeanIou: Double?
    }

    let numbers: [Number]
    let steps: [Step]
    let taken: Int
    let ending: String
    let evaluations: Int
    let evaluationsFound: Int
    let seconds: Double
    let tuned: Figures
    let heldOut: Figures?

    init(_ result: LearnResult, of space: SearchSpace) {
      let outcome = result.outcome
      let values = outcome.curve[outcome.taken].values
      numbers = zip(outcome.parameters, values).map {
        Number(name: $0.name, start: $0.start, value: $1)
      }
      steps = outcome.curve.map { step in
        Step(
          evaluations: step.evaluations, loss: step.training.loss,
          meanIou: step.training.confusion.meanIOU, heldOutLoss: step.heldOut?.loss,
          heldOutMeanIou: step.heldOut?.confusion.meanIOU)
      }
      taken = outcome.taken
      ending = outcome.ending.rawValue
      evaluations = outcome.madeCount
      evaluationsFound = outcome.foundCount
      seconds = result.seconds
      tuned = Figures(result.tuned, of: space)
      heldOut = result.heldOut.map { Figures($0, of: space) }
    }
  }

  private struct CleanUps: Encodable {
    struct Trial: Encodable {
      let filter: String
      let before: Double
      let after: Double
      let isKept: Bool

      private enum CodingKeys: String, CodingKey {
        case filter, before, after
        case isKept = "kept"
      }
    }

    let trials: [Trial]
    let tuned: [Double?]
    let heldOut: [Double?]?

    init(_ cleanUp: CleanUp, _ objective: SearchGoal) {
      func values(_ pair: (before: Tally, after: Tally)) -> [Double?] {
        [pair.before, pair.after].map { try? objective.value(of: $0) }
      }
      trials = cleanUp.outcome.trials.map {
        Trial(filter: $0.text, before: $0.before, after: $0.after, isKept: $0.isKept)
      }
      tuned = values((cleanUp.outcome.before, cleanUp.outcome.after))
      heldOut = cleanUp.heldOut.map(values)
    }
  }

  init(_ outcome: TuneOutcome) {
    let settings = outcome.settings
    let space = settings.search.space
    func names(_ part: Int) -> [String] {
      zip(settings.images, settings.parts).filter { $1 == part }.map(\.0.name)
    }
    objective = settings.objective.rawValue
    trimapWidth = settings.trimapWidth
    images = names(TuneSettings.tuned)
    imagesHeldOut = names(TuneSettings.heldOut)
    evaluations = outcome.madeCount
    evaluationsFound = outcome.resumedCount
    seconds = outcome.seconds
    tuned = outcome.search.tuned.map { Figures($0, of: space) }
    heldOut = outcome.search.heldOut.map { Figures($0, of: space) }
    trials = outcome.search.result.ranking.map {
      Trial(setting: Self.json($0.setting, of: space), objective: $0.objective)
    }
    learned = outcome.learned.map { Learned($0, of: space) }
    cleanUps = outcome.cleanUp.map { CleanUps($0, settings.objective) }
    parametersAtEnds = outcome.search.result.parametersAtEnds.map(\.place)
  }
}
