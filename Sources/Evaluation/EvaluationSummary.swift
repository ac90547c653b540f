/// Figures before and after, all shares 0…1, for JSON.
public struct EvaluationSummary: Encodable {
  /// The figures of one set of labels.
  private struct Figures: Encodable {
    var meanIou: Double?
    var frequencyWeightedIou: Double?
    var pixelAccuracy: Double?
    var meanClassAccuracy: Double?
    /// `null` for labels that occur nowhere.
    var classIou: [Double?]
    /// `null` for labels that the truth has not.
    var classAccuracy: [Double?]

    init(_ matrix: ConfusionMatrix) {
      meanIou = matrix.meanIOU
      frequencyWeightedIou = matrix.frequencyWeightedIOU
      pixelAccuracy = matrix.pixelAccuracy
      meanClassAccuracy = matrix.meanAccuracy
      classIou = matrix.intersectionsOverUnion
      classAccuracy = matrix.accuracies
    }
  }

  /// The mean IOU near true boundaries.
  private struct Band: Encodable {
    var width: Int
    var meanIouBefore: Double?
    var meanIouAfter: Double?
  }

  private var pixels: Int64
  private var classes: [String]
  private var before: Figures
  /// Absent where nothing was refined.
  private var after: Figures?
  private var trimap: [Band]?

  /// - Parameters:
  ///   - counts: what the figures are of.
  ///   - names: of classes; those that are missing are empty.
  public init(_ counts: EvaluationCounts, names: [String]) {
    pixels = counts.before.total
    classes = (0..<counts.before.labelCount).map { $0 < names.count ? names[$0] : "" }
    before = Figures(counts.before)
    after = counts.after.map { Figures($0) }
    let bandsAfter = counts.bandsAfter?.bands
    trimap = counts.bandsBefore?.bands.enumerated().map { place, band in
      Band(
        width: band.width, meanIouBefore: band.confusion.meanIOU,
        meanIouAfter: bandsAfter?[place].confusion.meanIOU)
    }
  }
}
