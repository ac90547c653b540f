import CKernels
import LatticeSupport
import Unaries

/// Recursions along all lines of a grid, forth and back, one axis after the other, the last one
/// first.
struct RecursiveFilter {
  let grid: GridShape
  let links: GridLinks

  /// One pass forth and back along every line of every axis: y(n) += w·(y(n ∓ 1) − y(n)).
  ///
  /// - Parameters:
  ///   - values: N rows.
  ///   - offset: w = exp(`offset` + `slope`·link), before `prepare`.
  ///   - slope: see `offset`.
  ///   - prepare: turns the weights of some lines, which it gets as weights forth, into weights
  ///     forth and back; `nil` where both are w.
  ///   - parallelism: the threads to use.
  func apply(
    to values: inout ChannelField, offset: Float, slope: Float, parallelism: Parallelism,
    prepare: (
      (
        _ forth: UnsafeMutablePointer<Float>, _ back: UnsafeMutablePointer<Float>, _ length: Int,
        _ lines: Int
      ) -> Void
    )? = nil
  ) {
    let (base, stride) = (values.mutableBase(), values.stride)
    for axis in (0..<grid.rank).reversed() where grid.extents[axis] > 1 {
      let lines = GridLines(grid, axis: axis, stride: stride)
      parallelism.forEachUnlessCancelled(lines.blocks.count) { index in
        let block = lines.blocks[index]
        let count = lines.count(of: block)
        let weights = AlignedBuffer<Float>(uninitialized: prepare == nil ? count : 2 * count)
        ck_link_weights(
          links.axes[axis].base + block.first, lines.length, lines.step, block.lines,
          block.lineStep, offset, slope, weights.base)
        var back = weights.base
        if let prepare {
          back += count
          prepare(weights.base, back, lines.length, block.lines)
        }
        let start = base + block.first * stride
        ck_recursive_pass(
          start, lines.length, lines.step, block.lines, block.lineStep, stride, weights.base, true)
        ck_recursive_pass(
          start, lines.length, lines.step, block.lines, block.lineStep, stride, back, false)
      }
    }
  }
}
