import Evaluation
import ToolSupport
import Tuning

/// A search's outcome as JSON; all shares are 0…1.
struct TuneJSON: Encodable {
  private struct Setting: Encodable {
    let w1: Float
    let sigmaAlpha: Float
    let sigmaBeta: Float
    let w2: Float
    let sigmaGamma: Float
    let iterations: Int

    init?(_ setting: CRFSetting) {
      guard setting.iterations > 0 else { return nil }
      w1 = setting[.bilateralWeight]
      sigmaAlpha = setting[.bilateralSpatial]
      sigmaBeta = setting[.bilateralColor]
      w2 = setting[.gaussianWeight]
      sigmaGamma = setting[.gaussianSpatial]
      iterations = setting.iterations
    }
  }

  private struct Figures: Encodable {
    let title: String
    /// Absent without a CRF.
    let setting: Setting?
    let meanIou: Double?
    let trimapIou: Double?
    let pixelAccuracy: Double?
    let classIou: [Double?]

    init(_ row: TuneOutcome.Row) {
      title = row.title
      setting = Setting(row.setting)
      meanIou = row.tally.whole.meanIOU
      trimapIou = row.tally.band.meanIOU
      pixelAccuracy = row.tally.whole.pixelAccuracy
      classIou = row.tally.whole.intersectionsOverUnion
    }
  }

  private struct Trial: Encodable {
    let setting: Setting?
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

  init(_ outcome: TuneOutcome) {
    let settings = outcome.settings
    func names(_ part: Int) -> [String] {
      zip(settings.images, settings.parts).filter { $1 == part }.map(\.0.name)
    }
    objective = settings.objective.rawValue
    trimapWidth = settings.conditions.trimapWidth
    images = names(TuneSettings.tuned)
    imagesHeldOut = names(TuneSettings.heldOut)
    evaluations = outcome.madeCount
    evaluationsFound = outcome.resumedCount
    seconds = outcome.seconds
    tuned = outcome.tuned.map(Figures.init)
    heldOut = outcome.heldOut.map(Figures.init)
    trials = outcome.result.ranking.map {
      Trial(setting: Setting($0.setting), objective: $0.objective)
    }
    parametersAtEnds = outcome.result.parametersAtEnds.map(\.option)
  }
}
