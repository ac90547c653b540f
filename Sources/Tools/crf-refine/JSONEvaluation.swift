import Evaluation
import Unaries

/// Accuracy before and after, all shares 0…1.
struct JSONEvaluation: Encodable {
  /// The figures of one set of labels.
  struct Figures: Encodable {
    var meanIou: Double?
    var pixelAccuracy: Double?
    /// `null` for labels that occur nowhere.
    var classIou: [Double?]

    init(_ matrix: ConfusionMatrix) {
      meanIou = matrix.meanIOU
      pixelAccuracy = matrix.pixelAccuracy
      classIou = matrix.intersectionsOverUnion
    }
  }

  /// The mean IOU near true boundaries.
  struct Band: Encodable {
    var width: Int
    var meanIouBefore: Double?
    var meanIouAfter: Double?
  }

  var pixels: Int64
  var classes: [String]
  var before: Figures
  var after: Figures
  var trimap: [Band]?

  init(_ evaluation: Evaluation, _ palette: Palette) {
    pixels = evaluation.after.total
    classes = (0..<evaluation.after.labelCount).map {
      $0 < palette.names.count ? palette.names[$0] : ""
    }
    before = Figures(evaluation.before)
    after = Figures(evaluation.after)
    if let bandsBefore = evaluation.bandsBefore, let bandsAfter = evaluation.bandsAfter {
      trimap = zip(bandsBefore.bands, bandsAfter.bands).map {
        Band(
          width: $0.width, meanIouBefore: $0.confusion.meanIOU,
          meanIouAfter: $1.confusion.meanIOU)
      }
    }
  }
}
