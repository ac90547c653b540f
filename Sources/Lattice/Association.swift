import CKernels
import LatticeSupport

/// Σᵢⱼ Kᵢⱼ·⟨vᵢ, vⱼ⟩ of a factored filter, and its gradient 2·K·v where K is symmetric.
///
/// With K = g·Sᵀ·B·S the sum is g·⟨S·v, B·S·v⟩ over the rows, which are few where many points share
/// them: no sum of a point need be sliced before the gradient is asked for. Values come and go as
/// channel planes, and pass through a cache a few points at a time: fields of rows are never made.
package struct Association: Sendable {
  /// ⟨v, K·v⟩.
  package let sum: Double

  private let matrix: SplatMatrix
  private let gain: Float
  private let channels: Int
  /// B·S·v.
  private let rows: RowPanels

  /// Points that are brought from planes to rows together, and back.
  private static let blockPoints = 512

  /// - Parameters:
  ///   - filter: K.
  ///   - planes: v, channels × N.
  ///   - channels: of v.
  ///   - parallelism: the threads to use; results do not depend on it.
  /// - Complexity: O((N·corners + rows)·channels), and the blur's. Keeps the rows and S.
  package init(
    _ filter: any FactoredFilter, planes: UnsafePointer<Float>, channels: Int,
    parallelism: Parallelism
  ) {
    matrix = filter.splatMatrix
    gain = filter.gain
    self.channels = channels
    let stride = ChannelField.paddedStride(forChannels: channels)
    let (matrix, points) = (matrix, matrix.points)
    let rows = RowPanels(rowCount: filter.rowCount, stride: stride)
    rows.clear()
    Self.forEachBlock(of: matrix, stride: stride, parallelism) { block in
      ck_planes_to_rows(
        planes, points, block.first, block.count, channels, stride, 0, block.values)
      ck_lattice_splat(
        block.values, block.count, stride, block.vertices, block.weights, Int32(matrix.corners),
        rows.base, rows.rowCount, block.firstRow)
    }
    let splatted = RowPanels(rowCount: rows.rowCount, stride: stride)
    splatted.base.update(from: rows.base, count: rows.rowCount * stride)
    let scratch = AlignedBuffer<Float>(uninitialized: filter.blurScratch(stride: stride))
    withExtendedLifetime(scratch) { filter.blur(rows, scratch: scratch.bufferPointer) }
    self.rows = rows
    sum =
      Double(filter.gain)
      * Self.product(splatted, rows, of: matrix.segments, parallelism: parallelism)
  }

  /// Writes factor·K·v, channels × N.
  ///
  /// - Complexity: O(N·corners·channels).
  package func writeSums(
    times factor: Float, to planes: UnsafeMutablePointer<Float>, parallelism: Parallelism
  ) {
    let (matrix, points, stride) = (matrix, matrix.points, rows.stride)
    Self.forEachBlock(of: matrix, stride: stride, parallelism) { block in
      ck_lattice_slice(
        rows.base, rows.rowCount, block.firstRow, block.count, stride, block.vertices,
        block.weights, Int32(matrix.corners), gain, block.values)
      ck_rows_to_planes(
        block.values, points, block.first, block.count, channels, stride, factor, planes)
    }
  }

  /// A few consecutive points of a segment.
  private struct Block {
    let first: Int
    let count: Int
    let vertices: UnsafePointer<UInt32>
    let weights: UnsafePointer<Float>
    /// What the points' vertices are counted from.
    let firstRow: Int
    /// Room for their rows.
    let values: UnsafeMutablePointer<Float>
  }

  private static func forEachBlock(
    of matrix: SplatMatrix, stride: Int, _ parallelism: Parallelism, _ body: (Block) -> Void
  ) {
    parallelism.forEachUnlessCancelled(matrix.segments.count) { index in
      let segment = matrix.segments[index]
      let values = AlignedBuffer<Float>(uninitialized: blockPoints * stride)
      var (vertices, weights) = (matrix.vertices(of: segment), matrix.weights(of: segment))
      for visit in segment.visits {
        for first in Swift.stride(from: visit.lowerBound, to: visit.upperBound, by: blockPoints) {
          let count = min(blockPoints, visit.upperBound - first)
          body(
            Block(
              first: first, count: count, vertices: vertices, weights: weights,
              firstRow: segment.rows.lowerBound, values: values.base))
          vertices += count * matrix.corners
          weights += count * matrix.corners
        }
      }
    }
  }

  /// Σ left ∘ right over the rows of the segments.
  private static func product(
    _ left: RowPanels, _ right: RowPanels, of segments: [SplatMatrix.Segment],
    parallelism: Parallelism
  ) -> Double {
    let stride = left.stride
    let sums = AlignedBuffer<Double>(zeros: segments.count * stride)
    parallelism.forEach(segments.count) { index in
      let rows = segments[index].rows
      left.forEach { panel in
        let first = rows.lowerBound * panel.width
        ck_add_channel_products(
          panel.base + first, right.base + panel.channel * right.rowCount + first, rows.count,
          panel.width, panel.width, sums.base + index * stride + panel.channel)
      }
    }
    return (0..<sums.count).reduce(0) { $0 + sums.base[$1] }
  }
}
