// The figures of Long, Shelhamer & Darrell, "Fully convolutional networks for semantic
// segmentation", CVPR 2015, arXiv:1411.4038, §5, as PASCAL VOC counts them: over all points of all
// images at once.
extension ConfusionMatrix {
  /// The share of points labelled rightly; `nil` where no point was counted. O(L²).
  public var pixelAccuracy: Double? {
    ratio((0..<labelCount).reduce(0) { $0 + self[truth: $1, prediction: $1] }, total)
  }

  /// For each label, the share of its points labelled rightly; `nil` where the truth has none.
  /// O(L²).
  public var accuracies: [Double?] {
    (0..<labelCount).map { ratio(self[truth: $0, prediction: $0], occurrences(of: $0)) }
  }

  /// The plain mean of `accuracies` over the labels that occur in the truth; `nil` where none does.
  /// O(L²).
  public var meanAccuracy: Double? { mean(accuracies) }

  /// For each label, the intersection over union TP / (TP + FP + FN); `nil` where the label occurs
  /// neither in the truth nor in the prediction. O(L²).
  public var intersectionsOverUnion: [Double?] {
    (0..<labelCount).map { label in
      let hits = self[truth: label, prediction: label]
      return ratio(hits, occurrences(of: label) + predictions(of: label) - hits)
    }
  }

  /// The plain mean of `intersectionsOverUnion` over the labels that occur; `nil` where none does.
  /// O(L²).
  ///
  /// A label that occurs only in the prediction counts, with 0. On a data set in which every label
  /// occurs this is the figure of PASCAL VOC.
  public var meanIOU: Double? { mean(intersectionsOverUnion) }

  /// The mean over all L labels, those that occur nowhere counted as 0 if `absentAsZero`, else left
  /// out as in `meanIOU`. `nil` where no point was counted. O(L²).
  public func meanIOU(countingAbsentAsZero absentAsZero: Bool) -> Double? {
    guard absentAsZero, total > 0 else { return meanIOU }
    return mean(intersectionsOverUnion.map { $0 ?? 0 })
  }

  /// The mean intersection over union, each label weighted by its share of the true points; `nil`
  /// where no point was counted. O(L²).
  public var frequencyWeightedIOU: Double? {
    let total = total
    guard total > 0 else { return nil }
    return intersectionsOverUnion.enumerated().reduce(0) { sum, item in
      sum + Double(occurrences(of: item.offset)) / Double(total) * (item.element ?? 0)
    }
  }

  private func ratio(_ part: Int64, _ whole: Int64) -> Double? {
    whole == 0 ? nil : Double(part) / Double(whole)
  }

  private func mean(_ values: [Double?]) -> Double? {
    let present = values.compactMap { $0 }
    return present.isEmpty ? nil : present.reduce(0, +) / Double(present.count)
  }
}
