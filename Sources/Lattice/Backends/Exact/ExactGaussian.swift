import CKernels
import LatticeSupport

/// The sum over all pairs of points, but for pairs of blocks whose weights are below a threshold.
public struct ExactGaussian: GaussianFilter {
  /// N, the number of points.
  public let points: Int
  /// Pairs of blocks are skipped where the Gaussian is below this between all of their points.
  public let threshold: Double
  /// The share of all pairs of points that is evaluated, 0…1.
  public let evaluatedShare: Double

  private var blocks: PointBlocks
  /// Panels of blocks: tasks read and write two of them, which fit into a core's second-level
  /// cache.
  private let schedule: PairSchedule
  private let panelLength: Int
  private var weights: KeptWeights
  private let memoryBudget: Int
  private let progress: FilterProgress?
  private let parallelism: Parallelism

  /// Blocks of the longest panel: 1024 points.
  private static let longestPanel = 16
  /// Panels that there should be at least, so that several threads find disjoint pairs.
  private static let fewestPanels = 32

  init(_ features: FeatureMatrix, _ backend: ExactBackend, parallelism: Parallelism) {
    points = features.points
    threshold = backend.threshold
    let blocks = PointBlocks(features, threshold: backend.threshold)
    let panelLength = max(1, min(Self.longestPanel, blocks.count / Self.fewestPanels))
    let panels = (blocks.count + panelLength - 1) / panelLength
    let all = PairSchedule.allPairs(of: panels)
    let counts = AlignedBuffer<Int>(uninitialized: all.count)
    parallelism.forEachChunk(of: all.count, grain: 64) { range in
      var description = blocks.description
      for index in range {
        counts.base[index] = ck_count_pairs(
          &description, Self.pairs(all[index], panelLength, blocks.count))
      }
    }
    let used = all.indices.filter { counts.base[$0] > 0 }
    schedule = PairSchedule(used.map { all[$0] }, of: panels)
    let evaluated = used.map { counts.base[$0] }
    let pairsOfBlocks = blocks.count * (blocks.count + 1) / 2
    evaluatedShare =
      blocks.count == 0 ? 1 : Double(evaluated.reduce(0, +)) / Double(pairsOfBlocks)
    memoryBudget = backend.memoryBudget(dimensions: features.dimensions)
    weights = Self.kept(
      evaluated, of: blocks, schedule, panelLength, budget: memoryBudget, parallelism)
    progress = backend.progress
    progress?.register(evaluated.reduce(0, +))
    self.blocks = blocks
    self.panelLength = panelLength
    self.parallelism = parallelism
  }

  private static func kept(
    _ counts: [Int], of blocks: PointBlocks, _ schedule: PairSchedule, _ panelLength: Int,
    budget: Int, _ parallelism: Parallelism
  ) -> KeptWeights {
    KeptWeights(counts: counts, budget: budget, parallelism: parallelism) { index, weights in
      var description = blocks.description
      ck_pair_weights(
        &description, pairs(schedule.pairs[index], panelLength, blocks.count), weights)
    }
  }

  /// K − I: what is left out is not summed in the first place, so that it leaves no rounding.
  public func withoutSelf() -> (any GaussianFilter)? {
    var filter = self
    filter.blocks.skipsOwn = true
    filter.weights = Self.kept(
      weights.counts, of: filter.blocks, schedule, panelLength, budget: memoryBudget, parallelism)
    return filter
  }

  private static func pairs(
    _ pair: PairSchedule.Pair, _ length: Int, _ count: Int
  ) -> ck_block_pairs {
    ck_block_pairs(
      first_a: pair.first * length, end_a: min(count, (pair.first + 1) * length),
      first_b: pair.second * length, end_b: min(count, (pair.second + 1) * length))
  }

  /// Sums `values` over all points that are not skipped.
  ///
  /// - Complexity: O(N²·(d + C)) at most; two fields of scratch memory.
  public func apply(to values: ChannelField, into output: inout ChannelField) {
    checkShapes(values, output)
    let stride = ChannelField.paddedStride(forChannels: values.channels)
    let size = blocks.count * PointBlocks.length * stride
    let rows = AlignedBuffer<Float>(uninitialized: size)
    let sums = AlignedBuffer<Float>(zeros: size)
    blocks.gather(values, stride: stride, into: rows, parallelism)
    schedule.run(parallelism) { index in
      var description = blocks.description
      withUnsafeTemporaryAllocation(
        byteCount: PointBlocks.length * PointBlocks.length * MemoryLayout<Float>.stride,
        alignment: 64
      ) { scratch in
        ck_pair_sums(
          &description, Self.pairs(schedule.pairs[index], panelLength, blocks.count), rows.base,
          stride, weights.weights(of: index),
          scratch.baseAddress?.assumingMemoryBound(to: Float.self), sums.base)
      }
      progress?.advance(weights.counts[index])
    }
    blocks.scatter(sums, stride: stride, into: &output, parallelism)
  }

  /// Bounds what the skipped pairs would have added: |Σⱼ exp(−½‖fᵢ − fⱼ‖²)·v[j] − (K·v)ᵢ| ≤
  /// bound[i] for all values with |v[j]| ≤ `magnitudes[j]`, besides rounding.
  ///
  /// - Parameter magnitudes: N bounds of the values, at least 0.
  /// - Returns: N bounds; 0 where the threshold is 0.
  /// - Complexity: O((N/64)²·d).
  public func skippedMass(ofMagnitudes magnitudes: [Float]) -> [Double] {
    blocks.skippedMass(of: magnitudes, parallelism: parallelism)
  }
}
