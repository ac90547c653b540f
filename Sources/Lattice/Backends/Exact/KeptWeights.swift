import CKernels
import LatticeSupport

/// Weights of pairs that are kept from one application of a filter to the next, as far as they fit.
///
/// Kept as float32: half precision would round each weight by up to 5·10⁻⁴ of itself.
struct KeptWeights: Sendable {
  /// Pairs of blocks of each task.
  let counts: [Int]

  private let storage: AlignedBuffer<Float>
  /// Where the weights of the first tasks start.
  private let offsets: [Int]

  /// - Parameters:
  ///   - counts: pairs of blocks of each task.
  ///   - budget: bytes.
  ///   - parallelism: the threads that evaluate.
  ///   - evaluate: writes the weights of a task.
  init(
    counts: [Int], budget: Int, parallelism: Parallelism,
    _ evaluate: (_ task: Int, _ weights: UnsafeMutablePointer<Float>) -> Void
  ) {
    let pair = PointBlocks.length * PointBlocks.length
    let room = budget / (pair * MemoryLayout<Float>.stride)
    var offsets: [Int] = []
    var used = 0
    for count in counts {
      guard used + count <= room else { break }
      offsets.append(used * pair)
      used += count
    }
    let storage = AlignedBuffer<Float>(uninitialized: used * pair)
    parallelism.forEachUnlessCancelled(offsets.count) { [offsets] task in
      evaluate(task, storage.base + offsets[task])
    }
    self.counts = counts
    self.offsets = offsets
    self.storage = storage
  }

  /// The weights of a task, where they are kept.
  func weights(of task: Int) -> UnsafePointer<Float>? {
    task < offsets.count ? UnsafePointer(storage.base + offsets[task]) : nil
  }
}
