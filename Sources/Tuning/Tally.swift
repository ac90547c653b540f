import Evaluation
import LatticeSupport

/// What is counted of one setting over some images: all three objectives follow.
public struct Tally: Sendable, Equatable {
  /// All points that count.
  public private(set) var whole: ConfusionMatrix
  /// Those near true boundaries.
  public private(set) var band: ConfusionMatrix

  /// - Parameters:
  ///   - whole: of all points that count.
  ///   - band: of those near true boundaries, of as many labels.
  public init(whole: ConfusionMatrix, band: ConfusionMatrix) {
    precondition(whole.labelCount == band.labelCount)
    self.whole = whole
    self.band = band
  }

  /// Of labels near boundaries of one width.
  init(_ counts: EvaluationCounts) {
    guard let band = counts.bandsBefore?.bands.first else {
      preconditionFailure("nothing was counted near boundaries")
    }
    self.init(whole: counts.before, band: band.confusion)
  }

  /// Adds what was counted over other images.
  public static func += (sum: inout Tally, other: Tally) {
    sum.whole += other.whole
    sum.band += other.band
  }
}

/// What a search makes as large as it can.
public enum SearchGoal: String, CaseIterable, Sendable {
  /// The mean IOU.
  case miou
  /// The mean IOU near true boundaries.
  case trimap
  /// The share of points with the right label.
  case accuracy

  /// 0…1.
  ///
  /// - Throws: `InputError` where no point counts.
  public func value(of tally: Tally) throws -> Double {
    let value =
      switch self {
      case .miou: tally.whole.meanIOU
      case .trimap: tally.band.meanIOU
      case .accuracy: tally.whole.pixelAccuracy
      }
    guard let value else {
      throw InputError(
        .data,
        self == .trimap
          ? "has no boundary between labels, so that there is nothing to measure near them"
          : "has no pixel that counts: all are void",
        remedy: self == .trimap
          ? "choose another objective" : "check \(name: .voidLabel)")
    }
    return value
  }
}
