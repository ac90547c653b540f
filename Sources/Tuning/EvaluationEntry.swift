import Evaluation
import LatticeSupport

/// What one image came to with one setting, as the state of a search has it.
struct EvaluationEntry: Codable, Sendable {
  var image: String
  var setting: TunedSetting
  var whole: [Int64]
  var band: [Int64]

  /// Version 1 searched DeepLab's two kernels alone.
  static let format = StateFormat(
    name: "crf-tune state 2", older: ["crf-tune state 1"], subject: "search",
    entry: "an evaluation")

  init(of tally: Tally, image: String, setting: TunedSetting) {
    self.image = image
    self.setting = setting
    whole = tally.whole.counts
    band = tally.band.counts
  }

  /// What was counted.
  ///
  /// - Parameter numbers: how many a setting has.
  /// - Throws: `InputError` where the entry is none of such a search.
  func tally(numbers: Int) throws -> Tally {
    guard setting.values.count == numbers else {
      throw InputError(
        .data, "it has \(setting.values.count) numbers, but \(numbers) are searched")
    }
    let counted = (
      whole: try ConfusionMatrix(counts: whole), band: try ConfusionMatrix(counts: band)
    )
    guard counted.whole.labelCount == counted.band.labelCount else {
      throw InputError(
        .data, "\(whole.count) and \(band.count) counts do not fit each other")
    }
    return Tally(whole: counted.whole, band: counted.band)
  }
}
