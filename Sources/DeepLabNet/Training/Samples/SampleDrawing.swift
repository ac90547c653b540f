import LatticeSupport
import Unaries

/// Which images each step sees, and which part of them: a pure function of a seed and the step.
///
/// Images come in epochs, each a permutation of all of them, one after the other without a gap; a
/// batch may hold the end of one and the beginning of the next.
public struct SampleDrawing: Sendable {
  /// Images a batch.
  public let batch: Int
  /// Which of them are made here: all, unless processes share the batch.
  public let share: Range<Int>
  /// What images, their orders and their variations are drawn from.
  public let seed: UInt64
  /// How images are varied.
  public let augmentation: SampleAugmentation

  /// - Parameters:
  ///   - batch: images a batch, at least 1.
  ///   - seed: equal seeds give equal batches.
  ///   - augmentation: how images are varied.
  ///   - share: which images of each batch are made, at least one; `nil` for all.
  public init(
    batch: Int, seed: UInt64, augmentation: SampleAugmentation, share: Range<Int>? = nil
  ) {
    let share = share ?? 0..<batch
    precondition(
      batch >= 1 && !share.isEmpty && share.lowerBound >= 0 && share.upperBound <= batch,
      "images \(share) of a batch of \(batch)")
    self.batch = batch
    self.share = share
    self.seed = seed
    self.augmentation = augmentation
  }

  /// What is drawn from the seed.
  private enum Purpose: UInt64 {
    case order, view
  }

  /// The samples of a step that are made here, numbered from the start of the run.
  func samples(of step: Int) -> Range<Int> {
    step * batch + share.lowerBound..<step * batch + share.upperBound
  }

  /// The order of the images in an epoch. O(count).
  func order(ofEpoch epoch: Int, count: Int) -> [Int] {
    var generator = SeededGenerator(
      seed: seed, place: Purpose.order.rawValue, UInt64(epoch))
    return generator.permutation(of: count)
  }

  /// The part of an image on `grid` that is seen as sample `number` of the run.
  func view(ofSample number: Int, grid: GridShape) -> SampleAugmentation.View {
    var generator = SeededGenerator(
      seed: seed, place: Purpose.view.rawValue, UInt64(number))
    return augmentation.view(of: grid, using: &generator)
  }
}
