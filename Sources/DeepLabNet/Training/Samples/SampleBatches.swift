import Dispatch
import LatticeSupport
import Synchronization
import Unaries

/// The batches of a training run, one step after the other, made in the background.
///
/// The batch of step k depends on the drawing's seed and k alone: a run that is resumed at step k
/// sees what it would have seen, and how many threads there are makes no difference. One thread of
/// its own reads, decodes and varies images ahead of `next()`; it ends with the last reference to
/// this object.
public final class SampleBatches: Sendable {
  /// Batches that are ready before they are asked for, unless said otherwise.
  public static let usualPrefetch = 4
  /// Memory for images that were decoded before, unless said otherwise: 1 GiB.
  public static let usualMemoryBudget = 1 << 30

  private let feed: BatchFeed

  /// - Parameters:
  ///   - images: what is learnt from; at least one.
  ///   - examples: the parts of `images` that are learnt from, found with the same `void`; `nil`
  ///     for all of each.
  ///   - classes: labels are 0..<`classes`.
  ///   - void: the label of pixels that do not count.
  ///   - drawing: which images each step sees, and how they are varied.
  ///   - preprocessing: what the network wants.
  ///   - step: the step whose batch comes first: 0 for a new run.
  ///   - prefetch: batches that are made before they are asked for; at least 1.
  ///   - memoryBudget: bytes for decoded images, which are kept while they fit.
  /// - Throws: `InputError` where there is no image.
  public init(
    _ images: any LabelledImages, examples: BoxExamples? = nil, classes: Int,
    ignoring void: UInt16 = 255, drawing: SampleDrawing, preprocessing: Preprocessing,
    startingAt step: Int = 0,
    prefetch: Int = SampleBatches.usualPrefetch,
    memoryBudget: Int = SampleBatches.usualMemoryBudget
  ) throws {
    precondition(
      classes >= 1 && step >= 0 && prefetch >= 1,
      "\(classes) classes, step \(step), \(prefetch) batches ahead")
    guard images.count > 0 else {
      throw InputError(
        .data, "there are no images to learn from", remedy: "check the folder and the split")
    }
    feed = BatchFeed(capacity: prefetch)
    let maker = BatchMaker(
      images, examples: examples, classes: classes, ignoring: void, drawing: drawing,
      preprocessing: preprocessing, memoryBudget: memoryBudget)
    feed.fill(using: maker, from: step)
  }

  deinit { feed.close() }

  /// The batch of the next step; waits until it is made.
  ///
  /// - Throws: `InputError` naming the file that cannot be read or does not fit; asked again, it
  ///   throws the same.
  public func next() throws -> TrainingBatch { try feed.take() }
}

/// A queue of bounded length between the thread that makes batches and the one that uses them.
private final class BatchFeed: Sendable {
  private struct State {
    var batches: [Result<TrainingBatch, any Error>] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  // Both begin at 0: a semaphore must not end below where it began.
  private let free = DispatchSemaphore(value: 0)
  private let ready = DispatchSemaphore(value: 0)

  init(capacity: Int) {
    for _ in 0..<capacity { free.signal() }
  }

  func fill(using maker: BatchMaker, from step: Int) {
    DispatchQueue(label: "sample batches").async { [self] in
      var maker = maker
      var step = step
      while true {
        free.wait()
        if state.withLock({ $0.isClosed }) { return }
        let batch = Result { try maker.batch(ofStep: step) }
        state.withLock { $0.batches.append(batch) }
        ready.signal()
        // Nothing comes after an error.
        guard case .success = batch else { return }
        step += 1
      }
    }
  }

  func take() throws -> TrainingBatch {
    ready.wait()
    let first = state.withLock { state in
      if case .failure = state.batches[0] { return state.batches[0] }
      return state.batches.removeFirst()
    }
    // An error stays, to be thrown again.
    if case .failure = first { ready.signal() } else { free.signal() }
    return try first.get()
  }

  func close() {
    state.withLock { $0.isClosed = true }
    free.signal()
  }
}
