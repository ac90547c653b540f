import CKernels
import LatticeSupport

/// A Gaussian between lattice vertices, every pair within reach: no vertex in between is needed.
///
/// Vertices stand in groups of 16 that lie near one another. A group knows the vertices within
/// reach of any of its own; weights are computed anew whenever they are used, 16 at a time, since
/// they would take many times more memory than what they are applied to.
struct VertexGaussian: Sendable {
  /// Vertices.
  let count: Int

  /// d + 1.
  private let width: Int
  private let groups: AlignedBuffer<Float>
  private let pieces: [Sources]
  private let scale: Float
  private let reach: Float

  /// Groups that a thread takes at a time.
  private static let grain = 32
  private static let groupSize = CK_GROUP

  /// What a run of groups sums over.
  private struct Sources: Sendable {
    /// Where each group's sources begin; and the end.
    let starts: [Int]
    let places: [UInt32]
  }

  /// Of no use where the call was cancelled meanwhile.
  ///
  /// - Parameters:
  ///   - coordinates: vertices × (d + 1), whole numbers.
  ///   - order: receives the vertices in the order in which `apply` takes their rows.
  init(
    coordinates: AlignedBuffer<Float>, order: AlignedBuffer<UInt32>, scale: LatticeScale,
    parallelism: Parallelism
  ) {
    count = order.count
    width = scale.dimensions + 1
    reach = scale.reach
    // log₂ e: weights are powers of two.
    self.scale = Float(-0.5 / (scale.unit * scale.variance) * 1.442_695_040_888_963)
    let scratch = AlignedBuffer<UInt64>(uninitialized: count)
    ck_order_vertices(coordinates.base, count, Int32(width), order.base, scratch.base)
    let groupCount = (count + Self.groupSize - 1) / Self.groupSize
    groups = AlignedBuffer(uninitialized: groupCount * Self.groupSize * width)
    let boxes = AlignedBuffer<Float>(uninitialized: 4 * groupCount * width)
    ck_group_vertices(
      coordinates.base, count, Int32(width), order.base, groups.base, boxes.base)
    pieces = Self.sources(
      groups: groups, boxes: boxes, groupCount: groupCount, width: width, reach: reach,
      parallelism: parallelism)
  }

  private static func sources(
    groups: AlignedBuffer<Float>, boxes: AlignedBuffer<Float>, groupCount: Int, width: Int,
    reach: Float, parallelism: Parallelism
  ) -> [Sources] {
    let pieceCount = (groupCount + grain - 1) / grain
    var pieces = [Sources](repeating: Sources(starts: [], places: []), count: pieceCount)
    let flag = Cancellation.flag
    pieces.withUnsafeMutableBufferPointer { pieces in
      nonisolated(unsafe) let pieces = pieces
      parallelism.forEachChunk(of: groupCount, grain: grain) { range in
        if flag?.isSet == true { return }
        // One more is written than counted.
        let found = AlignedBuffer<UInt32>(uninitialized: groupCount * groupSize + 1)
        var starts = [0]
        var places: [UInt32] = []
        for group in range {
          let count = ck_near_vertices(
            groups.base, boxes.base, groupCount, Int32(width), reach, group, found.base)
          places.append(contentsOf: UnsafeBufferPointer(start: found.base, count: count))
          starts.append(places.count)
        }
        pieces[range.lowerBound / grain] = Sources(starts: starts, places: places)
      }
    }
    return pieces
  }

  /// Sums over the vertices within reach, for all of them; `body` receives the sums of each group.
  ///
  /// - Parameters:
  ///   - rows: vertices × `stride`, in order.
  ///   - body: takes the vertices' places and their sums, `stride` × 16.
  /// - Complexity: O(pairs within reach · `stride`).
  func apply(
    to rows: UnsafePointer<Float>, stride: Int, parallelism: Parallelism,
    _ body: (Range<Int>, UnsafePointer<Float>) -> Void
  ) {
    withoutActuallyEscaping(body) { body in
      nonisolated(unsafe) let body = body
      parallelism.forEachUnlessCancelled(pieces.count) { piece in
        let sources = pieces[piece]
        let tile = AlignedBuffer<Float>(uninitialized: stride * Self.groupSize)
        sources.places.withUnsafeBufferPointer { places in
          for index in 0..<sources.starts.count - 1 {
            let group = piece * Self.grain + index
            let (start, end) = (sources.starts[index], sources.starts[index + 1])
            ck_vertex_gaussian(
              groups.base, Int32(width), scale, reach, group, places.baseAddress! + start,
              end - start, rows, stride, tile.base)
            let first = group * Self.groupSize
            body(first..<min(count, first + Self.groupSize), tile.base)
          }
        }
      }
    }
  }
}
