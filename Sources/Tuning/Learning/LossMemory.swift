import Evaluation
import LatticeSupport

/// A loss that remembers what it has been asked, here and in a file.
///
/// L-BFGS is determined by the values and gradients that it is given. A run that was stopped is
/// made once more from its start, and every place that it has been to is looked up, so that it ends
/// as an undisturbed one to the last bit.
final class LossMemory {
  private let surface: any LossSurface
  private var known: [Key: LossMeasure] = [:]
  private var state: StateFile<Entry>?
  /// Evaluations that were made here.
  private(set) var madeCount = 0
  /// Evaluations that the file held.
  private(set) var foundCount = 0

  private struct Key: Hashable {
    let part: Int
    let bits: [UInt64]

    init(_ numbers: [Double], part: Int) {
      self.part = part
      bits = numbers.map(\.bitPattern)
    }
  }

  /// An evaluation as the file has it.
  struct Entry: Codable, Sendable {
    var part: Int
    var numbers: [Double]
    var loss: Double
    var gradient: [Double]
    var confusion: [Int64]
  }

  private static let format = StateFormat(
    name: "crf-tune learning 1", older: [], subject: "learning", entry: "an evaluation")

  /// - Parameters:
  ///   - surface: the loss.
  ///   - numbers: how many it takes.
  ///   - labelCount: L.
  ///   - path: the file; `nil` for none.
  ///   - header: what evaluations depend on.
  /// - Throws: `InputError` where the file cannot be used.
  init(
    _ surface: any LossSurface, numbers: Int, labelCount: Int, path: String?, header: StateHeader
  ) throws {
    self.surface = surface
    guard let path else { return }
    state = try StateFile(path, Self.format, header: header) { (entry: Entry) in
      let isHeldOut = entry.part == Learner.heldOut
      guard entry.numbers.count == numbers, entry.gradient.count == (isHeldOut ? 0 : numbers) else {
        throw InputError(
          .data, "it has \(entry.numbers.count) numbers, but \(numbers) are learned")
      }
      let confusion = try ConfusionMatrix(counts: entry.confusion)
      guard confusion.labelCount == labelCount else {
        throw InputError(.data, "it has \(confusion.labelCount) labels, not \(labelCount)")
      }
      known[Key(entry.numbers, part: entry.part)] = LossMeasure(
        loss: entry.loss, gradient: entry.gradient, confusion: confusion)
      foundCount += 1
    }
  }

  /// As `LossSurface.measure` does.
  func measure(_ numbers: [Double], part: Int, hasGradient: Bool) throws -> LossMeasure {
    let key = Key(numbers, part: part)
    if let measure = known[key] { return measure }
    let measure = try surface.measure(numbers, part: part, hasGradient: hasGradient)
    known[key] = measure
    try state?.append([
      Entry(
        part: part, numbers: numbers, loss: measure.loss, gradient: measure.gradient,
        confusion: measure.confusion.counts)
    ])
    madeCount += 1
    return measure
  }
}
