import CKernels
import LatticeSupport

/// The rows of segments that are one vertex, for every vertex in the order of its Gaussian.
struct VertexRows: Sendable {
  /// Vertices.
  let count: Int
  /// Row 0 and the rows of all segments.
  let rowCount: Int
  /// The rows of each segment.
  let segments: [Range<Int>]
  private let starts: AlignedBuffer<UInt32>
  private let copies: AlignedBuffer<UInt32>

  private static let grain = 2048

  /// - Parameters:
  ///   - places: for each segment, the place in order of each of its rows.
  ///   - count: the number of vertices.
  init(places: [[UInt32]], count: Int, dimensions: Int) throws {
    self.count = count
    var next = 1
    segments = places.map { places in
      defer { next += places.count }
      return next..<next + places.count
    }
    rowCount = next
    guard next + count < Int(UInt32.max) else {
      throw LatticeError.tooManyVertices(rows: next + count, dimensions: dimensions)
    }
    let starts = AlignedBuffer<UInt32>(zeros: count + 1)
    for place in places.joined() { starts.base[Int(place) + 1] += 1 }
    for place in 0..<count { starts.base[place + 1] += starts.base[place] }
    // Filled in the order of segments; each start moves to the next one's and back by one place.
    let lookahead = Int(CK_COPY_LOOKAHEAD)
    let copies = AlignedBuffer<UInt32>(uninitialized: next - 1 + lookahead)
    copies.clear(next - 1..<next - 1 + lookahead)
    let ends = AlignedBuffer(copying: starts)
    for (segment, places) in zip(segments, places) {
      for (local, place) in places.enumerated() {
        copies.base[Int(ends.base[Int(place)])] = UInt32(segment.lowerBound + local)
        ends.base[Int(place)] += 1
      }
    }
    self.starts = starts
    self.copies = copies
  }

  /// Adds the rows of every vertex in the order of segments, and writes the sums in its order.
  ///
  /// - Parameters:
  ///   - sums: `count` rows, of which the panel's channels are written.
  ///   - stride: the distance between rows of `sums`.
  func gather(
    _ panel: RowPanels.Panel, into sums: UnsafeMutablePointer<Float>, stride: Int,
    parallelism: Parallelism
  ) {
    parallelism.forEachChunk(of: count, grain: Self.grain) { range in
      ck_gather_copies(
        panel.base, panel.width, starts.base + range.lowerBound, copies.base, range.count,
        sums + range.lowerBound * stride + panel.channel, stride)
    }
  }

  /// Overwrites all rows of the vertices at `places` by columns of `tile`, all channels × 16.
  func scatter(_ tile: UnsafePointer<Float>, of places: Range<Int>, into panel: RowPanels.Panel) {
    ck_scatter_tile(
      tile + panel.channel * CK_GROUP, panel.width, starts.base + places.lowerBound, copies.base,
      places.count, panel.base)
  }
}
