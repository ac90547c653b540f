import CKernels
import LatticeSupport
import Unaries

extension DomainTransform {
  /// What an edge map's domain transform gives, and what a loss of it changes with.
  public struct Gradients: Sendable {
    /// ∂/∂ of the scores, N × C.
    public var scores: ChannelField
    /// ∂/∂ of the edge map, N values.
    public var edges: [Float]
  }

  /// The gradients of a loss with respect to the scores and the edge map, by reverse mode through
  /// all passes of the recursion (Chen et al. 2016, equations 8 and 9).
  ///
  /// - Parameters:
  ///   - scores: N × C scores that were filtered.
  ///   - grid: N points.
  ///   - upstream: N × C, the gradient with respect to what `filter` gave.
  ///   - parallelism: the threads to use; results do not depend on it.
  /// - Returns: N × C and N values. The edges before the first points of lines change nothing.
  /// - Throws: `InputError` where the map does not fit the grid.
  /// - Complexity: O(N·C·rank·iterations), and as much memory: what each pass gave is kept.
  public func gradients(
    of scores: ChannelField, on grid: GridShape, upstream: ChannelField,
    parallelism: Parallelism = .automatic
  ) throws -> Gradients {
    guard case .map = edges, mode == .recursive else {
      preconditionFailure("gradients are those of a recursion over an edge map")
    }
    precondition(
      scores.points == grid.count && upstream.points == grid.count
        && scores.channels == upstream.channels,
      "\(upstream.points) × \(upstream.channels) gradients of \(scores.points) scores")
    let links = try links(over: Scene(grid: grid), parallelism: parallelism)
    var tape: [Pass] = []
    var values = scores
    for sigma in sigmas {
      for axis in (0..<grid.rank).reversed() where grid.extents[axis] > 1 {
        for isForward in [true, false] {
          let before = values
          let pass = Pass(
            lines: GridLines(grid, axis: axis, stride: values.stride), axis: axis,
            isForward: isForward, sigma: sigma, before: before)
          run(pass, on: &values, links, parallelism)
          tape.append(pass)
        }
      }
    }
    var gradients = Gradients(
      scores: upstream, edges: [Float](repeating: 0, count: grid.count))
    var sums = [Double](repeating: 0, count: grid.count)
    for pass in tape.reversed() {
      reverse(pass, after: values, &gradients.scores, &sums, links, parallelism)
      values = pass.before
    }
    gradients.edges = sums.map { Float($0) }
    return gradients
  }

  /// One pass along the lines of an axis.
  private struct Pass {
    let lines: GridLines
    let axis: Int
    let isForward: Bool
    let sigma: Double
    let before: ChannelField
  }

  private func weights(
    _ pass: Pass, _ block: GridLines.Block, _ links: GridLinks
  ) -> AlignedBuffer<Float> {
    let weights = AlignedBuffer<Float>(uninitialized: pass.lines.count(of: block))
    let (offset, slope) = exponents(pass.sigma)
    ck_link_weights(
      links.axes[pass.axis].base + block.first, pass.lines.length, pass.lines.step, block.lines,
      block.lineStep, offset, slope, weights.base)
    return weights
  }

  private func run(
    _ pass: Pass, on values: inout ChannelField, _ links: GridLinks, _ parallelism: Parallelism
  ) {
    let (base, stride, lines) = (values.mutableBase(), values.stride, pass.lines)
    parallelism.forEach(lines.blocks.count) { index in
      let block = lines.blocks[index]
      let weights = weights(pass, block, links)
      ck_recursive_pass(
        base + block.first * stride, lines.length, lines.step, block.lines, block.lineStep, stride,
        weights.base, pass.isForward)
    }
  }

  private func reverse(
    _ pass: Pass, after: ChannelField, _ gradients: inout ChannelField, _ edges: inout [Double],
    _ links: GridLinks, _ parallelism: Parallelism
  ) {
    let (base, stride, lines) = (gradients.mutableBase(), gradients.stride, pass.lines)
    let slope = Double(exponents(pass.sigma).slope)
    edges.withUnsafeMutableBufferPointer { edges in
      nonisolated(unsafe) let edges = edges
      parallelism.forEach(lines.blocks.count) { index in
        let block = lines.blocks[index]
        let weights = weights(pass, block, links)
        let changes = AlignedBuffer<Double>(zeros: weights.count)
        let start = block.first * stride
        ck_recursive_pass_gradient(
          pass.before.base + start, after.base + start, base + start, lines.length, lines.step,
          block.lines, block.lineStep, after.channels, stride, weights.base, pass.isForward,
          changes.base)
        // w = exp(offset + slope·e): ∂w/∂e = slope·w.
        for n in 1..<lines.length {
          for line in 0..<block.lines {
            let link = n * block.lines + line
            edges[block.first + n * lines.step + line * block.lineStep] +=
              slope * Double(weights[link]) * changes[link]
          }
        }
      }
    }
  }
}
