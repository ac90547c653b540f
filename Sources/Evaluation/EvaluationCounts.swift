import LatticeSupport
import Unaries

/// Labels compared with the truth: as they come, and where they are refined afterwards as well.
public struct EvaluationCounts: Sendable {
  /// Of the labels as they come.
  public private(set) var before: ConfusionMatrix
  /// Of the refined labels; `nil` where nothing is refined.
  public private(set) var after: ConfusionMatrix?
  /// The labels as they come near true boundaries; `nil` where those are not looked at.
  public private(set) var bandsBefore: Trimap?
  /// The refined labels near true boundaries; `nil` where there are none.
  public private(set) var bandsAfter: Trimap?
  /// The label of the truth whose pixels do not count.
  let void: UInt16
  /// Pixels of the truth that do not count.
  public private(set) var voidPixels: Int64 = 0

  /// What is odd about the truth as a whole.
  public var oddity: TruthOddity? {
    let classes = before.labelCount
    var occurring = Set((0..<classes).filter { before.occurrences(of: $0) > 0 }.map { UInt16($0) })
    if voidPixels > 0 { occurring.insert(void) }
    return TruthOddity(occurring: occurring, ignoring: void, classes: classes)
  }

  /// - Parameters:
  ///   - labelCount: L, at least 1.
  ///   - void: the label of the truth whose pixels do not count.
  ///   - isRefined: whether labels are refined.
  ///   - widths: of the bands around true boundaries, in pixels; none to leave them out.
  ///   - boundary: what counts as one.
  /// - Throws: `InputError` where a width is below 1.
  public init(
    labelCount: Int, ignoring void: UInt16, isRefined: Bool, widths: [Int],
    boundary: Trimap.Boundary = .labelChanges
  ) throws {
    self.void = void
    before = ConfusionMatrix(labelCount: labelCount)
    after = isRefined ? before : nil
    guard !widths.isEmpty else { return }
    bandsBefore = try Trimap(
      labelCount: labelCount, widths: widths, boundary: boundary, ignoring: void)
    bandsAfter = isRefined ? bandsBefore : nil
  }

  /// The truth of an image, its distances to boundaries measured once for all labels of it.
  public struct MeasuredTruth: Sendable {
    fileprivate let labels: LabelMap
    fileprivate let voidPixels: Int64
    /// `nil` where boundaries are not looked at.
    fileprivate let rings: Trimap.Rings?
  }

  /// Measures what `addBefore` and `addAfter` need. O(N · widths).
  public func measured(_ truth: LabelMap) -> MeasuredTruth {
    MeasuredTruth(
      labels: truth, voidPixels: Int64(truth.labels.count { $0 == void }),
      rings: bandsBefore?.rings(of: truth))
  }

  /// Counts labels as they come.
  ///
  /// - Parameters:
  ///   - labels: of every point of the truth.
  ///   - truth: as `measured` gives it.
  /// - Throws: `InputError` where the labels do not fit the truth.
  public mutating func addBefore(_ labels: LabelMap, truth: MeasuredTruth) throws {
    try before.add(prediction: labels, truth: truth.labels, ignoring: void)
    voidPixels += truth.voidPixels
    if let rings = truth.rings { try bandsBefore?.add(prediction: labels, in: rings) }
  }

  /// Counts the refined labels of the same image.
  ///
  /// - Throws: as `addBefore` does.
  public mutating func addAfter(_ labels: LabelMap, truth: MeasuredTruth) throws {
    try after?.add(prediction: labels, truth: truth.labels, ignoring: void)
    if let rings = truth.rings { try bandsAfter?.add(prediction: labels, in: rings) }
  }

  /// Whether what was counted adds up with `other`: the same labels, widths and boundary.
  public func adds(to other: EvaluationCounts) -> Bool {
    before.labelCount == other.before.labelCount && void == other.void
      && (after == nil) == (other.after == nil)
      && bandsBefore?.widths == other.bandsBefore?.widths
      && bandsBefore?.boundary == other.bandsBefore?.boundary
  }

  /// Puts counts in place that were made before, where there are none yet.
  ///
  /// - Throws: `InputError` where they are of other labels or widths.
  mutating func restore(
    before: ConfusionMatrix, after: ConfusionMatrix?, voidPixels: Int64,
    ringsBefore: [ConfusionMatrix], ringsAfter: [ConfusionMatrix]
  ) throws {
    let labels = self.before.labelCount
    let areFit = ([after].compactMap { $0 } + ringsBefore + ringsAfter).allSatisfy {
      $0.labelCount == labels
    }
    guard areFit, ringsBefore.count == bandsBefore?.widths.count ?? 0,
      ringsAfter.count == bandsAfter?.widths.count ?? 0, voidPixels >= 0
    else { throw InputError(.data, "the counts of an evaluation do not fit each other") }
    self.before += before
    if let after { self.after? += after }
    self.voidPixels += voidPixels
    bandsBefore?.add(rings: ringsBefore)
    bandsAfter?.add(rings: ringsAfter)
  }

  /// Adds what was counted over other images, of the same labels, widths and boundary.
  public static func += (sum: inout EvaluationCounts, other: EvaluationCounts) {
    sum.before += other.before
    sum.voidPixels += other.voidPixels
    if let after = other.after { sum.after? += after }
    if let bands = other.bandsBefore { sum.bandsBefore? += bands }
    if let bands = other.bandsAfter { sum.bandsAfter? += bands }
  }
}
