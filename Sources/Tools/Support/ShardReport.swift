import Evaluation

/// What the report of a share of files has besides, so that those of all shares can be merged.
package struct ShardReport: Encodable {
  private let number: Int
  private let count: Int
  /// All that figures follow from; absent where nothing was compared with the truth.
  private let counts: EvaluationTally?

  /// - Returns: `nil` where all files were worked on.
  package init?(_ shard: Shard?, _ counts: EvaluationCounts? = nil) {
    guard let shard else { return nil }
    number = shard.number
    count = shard.count
    self.counts = counts.map { EvaluationTally($0) }
  }
}

/// Confusion matrices, in rows of true classes and columns of predicted ones.
package struct ConfusionReport: Encodable {
  private let before: [[Int64]]
  private let after: [[Int64]]?

  package init(_ counts: EvaluationCounts) {
    before = Self.rows(counts.before)
    after = counts.after.map(Self.rows)
  }

  private static func rows(_ matrix: ConfusionMatrix) -> [[Int64]] {
    (0..<matrix.labelCount).map { truth in
      (0..<matrix.labelCount).map { matrix[truth: truth, prediction: $0] }
    }
  }
}

/// Classes that are neither in the truth nor in the final labels.
package struct AbsenceReport: Encodable {
  package let classes: [String]
  private let treatment = "left out of means"
  /// Of the final labels.
  package let meanIouCountingThemAsZero: Double?

  package init(_ counts: EvaluationCounts, names: [String]) {
    // After a CRF, a class may be predicted that was not before, or the other way round.
    let final = counts.after ?? counts.before
    let ious = final.intersectionsOverUnion
    classes = ious.indices.filter { ious[$0] == nil }.map { names[$0] }
    meanIouCountingThemAsZero = final.meanIOU(countingAbsentAsZero: true)
  }

  private enum CodingKeys: CodingKey {
    case classes, treatment, meanIouCountingThemAsZero
  }
}
