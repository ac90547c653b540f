import CKernels
import LatticeSupport
import Unaries

/// The way back through recursions along all lines of a grid, some channels at a time.
///
/// A pass forth is y(n) += w·(y(n − 1) − y(n)). With ȳ the gradient by what it gave, from the last
/// point to the first: w̄ += ȳ(n)·(y(n − 1) − x(n)), ȳ(n − 1) += w·ȳ(n), ȳ(n) ← (1 − w)·ȳ(n).
struct RecursionReverse {
  /// What the weights of a round are made of: w = exp(offset + slope·link).
  struct Round {
    let offset: Float
    let slope: Float
  }

  /// One pass along the lines of an axis.
  private struct Pass {
    let round: Int
    let axis: Int
    let isForward: Bool
  }

  private let rounds: [Round]
  private let grid: GridShape
  private let lanes: Int
  private let lines: [GridLines]
  /// For each axis, where the weights of each block begin.
  private let offsets: [[Int]]
  /// For each round and axis, N weights, block by block.
  private let weights: [AlignedBuffer<Float>]
  private let passes: [Pass]
  /// The values before each pass, and those after the last: N × lanes each.
  private let tape: [AlignedBuffer<Float>]

  /// ∂/∂ of the links, N values, so far.
  private(set) var linkGradients: [Double]
  /// For each round Σ w·∂/∂w so far.
  private(set) var weightSums: [Double]

  /// - Parameters:
  ///   - rounds: over all axes.
  ///   - grid: N points.
  ///   - links: the same along every axis.
  ///   - lanes: channels that are done together, 4 or 8.
  ///   - parallelism: the threads to use.
  init(
    _ rounds: [Round], grid: GridShape, links: GridLinks, lanes: Int, parallelism: Parallelism
  ) {
    precondition(lanes == 4 || lanes == 8, "\(lanes) lanes")
    self.rounds = rounds
    self.grid = grid
    self.lanes = lanes
    let lines = (0..<grid.rank).map { GridLines(grid, axis: $0, stride: lanes) }
    let offsets = lines.map { lines in
      lines.blocks.reduce(into: [0]) { $0.append(($0.last ?? 0) + lines.count(of: $1)) }
    }
    self.lines = lines
    self.offsets = offsets
    let axes = (0..<grid.rank).reversed().filter { grid.extents[$0] > 1 }
    passes = rounds.indices.flatMap { round in
      axes.flatMap { axis in
        [true, false].map { Pass(round: round, axis: axis, isForward: $0) }
      }
    }
    weights = rounds.flatMap { round in
      (0..<grid.rank).map { axis in
        let weights = AlignedBuffer<Float>(uninitialized: grid.count)
        let lines = lines[axis]
        parallelism.forEach(lines.blocks.count) { index in
          let block = lines.blocks[index]
          ck_link_weights(
            links.axes[axis].base + block.first, lines.length, lines.step, block.lines,
            block.lineStep, round.offset, round.slope, weights.base + offsets[axis][index])
        }
        return weights
      }
    }
    tape = (0...passes.count).map { _ in AlignedBuffer(uninitialized: grid.count * lanes) }
    linkGradients = [Double](repeating: 0, count: grid.count)
    weightSums = [Double](repeating: 0, count: rounds.count)
  }

  /// The gradient by all channels; what links and weights gain is added to what there is.
  mutating func gradient(
    of scores: ChannelField, upstream: ChannelField, parallelism: Parallelism
  ) -> ChannelField {
    var result = ChannelField(points: scores.points, channels: scores.channels)
    let (target, stride) = (result.mutableBase(), result.stride)
    let gradients = AlignedBuffer<Float>(uninitialized: grid.count * lanes)
    for first in Swift.stride(from: 0, to: scores.channels, by: lanes) {
      let width = min(lanes, scores.channels - first)
      copy(scores.base + first, stride, to: tape[0].base, lanes, width, parallelism)
      copy(upstream.base + first, stride, to: gradients.base, lanes, width, parallelism)
      for (index, pass) in passes.enumerated() { run(pass, index, parallelism) }
      for (index, pass) in passes.enumerated().reversed() {
        reverse(pass, index, gradients, parallelism)
      }
      copy(gradients.base, lanes, to: target + first, stride, width, parallelism)
    }
    return result
  }

  /// `width` values of each row; the rest of a narrower row than `lanes` becomes 0.
  private func copy(
    _ source: UnsafePointer<Float>, _ from: Int, to target: UnsafeMutablePointer<Float>, _ to: Int,
    _ width: Int, _ parallelism: Parallelism
  ) {
    parallelism.forEachChunk(of: grid.count, grain: 8192) { range in
      let start = range.lowerBound
      if to == lanes, width < lanes {
        (target + start * to).update(repeating: 0, count: range.count * to)
      }
      ck_copy_rows(source + start * from, from, range.count, width, target + start * to, to)
    }
  }

  private func run(_ pass: Pass, _ index: Int, _ parallelism: Parallelism) {
    let (lines, offsets) = (lines[pass.axis], offsets[pass.axis])
    let weights = weights[pass.round * grid.rank + pass.axis]
    let (before, after) = (tape[index].base, tape[index + 1].base)
    parallelism.forEach(lines.blocks.count) { number in
      let block = lines.blocks[number]
      // A block's points are runs of neighbours, along its lines or across them.
      if block.lineStep == 1 {
        for n in 0..<lines.length {
          let place = (block.first + n * lines.step) * lanes
          (after + place).update(from: before + place, count: block.lines * lanes)
        }
      } else {
        let place = block.first * lanes
        (after + place).update(from: before + place, count: lines.count(of: block) * lanes)
      }
      ck_recursive_pass(
        after + block.first * lanes, lines.length, lines.step, block.lines, block.lineStep, lanes,
        weights.base + offsets[number], pass.isForward)
    }
  }

  private mutating func reverse(
    _ pass: Pass, _ index: Int, _ gradients: AlignedBuffer<Float>, _ parallelism: Parallelism
  ) {
    let (lines, offsets, lanes) = (lines[pass.axis], offsets[pass.axis], lanes)
    let weights = weights[pass.round * grid.rank + pass.axis]
    let (before, after) = (tape[index].base, tape[index + 1].base)
    let slope = Double(rounds[pass.round].slope)
    // Blocks in their order, whatever the threads.
    let sums = AlignedBuffer<Double>(zeros: lines.blocks.count)
    linkGradients.withUnsafeMutableBufferPointer { links in
      nonisolated(unsafe) let links = links.baseAddress!
      parallelism.forEach(lines.blocks.count) { number in
        let block = lines.blocks[number]
        let own = weights.base + offsets[number]
        let changes = AlignedBuffer<Double>(uninitialized: lines.count(of: block))
        let start = block.first * lanes
        ck_recursive_pass_gradient(
          before + start, after + start, gradients.base + start, lines.length, lines.step,
          block.lines, block.lineStep, lanes, own, pass.isForward, changes.base)
        sums.base[number] = ck_add_link_gradients(
          changes.base, own, lines.length, lines.step, block.lines, block.lineStep, slope,
          links + block.first)
      }
    }
    for number in lines.blocks.indices { weightSums[pass.round] += sums[number] }
  }
}
