import CKernels
import LatticeSupport
import Unaries

/// The lines of a grid along one of its axes, some at a time.
struct GridLines {
  /// Points of a line.
  let length: Int
  /// Points between two neighbours on a line.
  let step: Int
  /// Lines that are done together.
  let blocks: [Block]

  /// Lines that begin at `first`, `lineStep` apart.
  struct Block {
    let first: Int
    let lines: Int
    let lineStep: Int
  }

  /// Bytes of the lines that are done together: they pass through the second-level cache twice.
  private static let blockBytes = 3 << 18
  /// Neighbouring rows at most: enough to hide how long a step of a recursion takes.
  private static let mostRows = 8

  /// - Parameters:
  ///   - grid: the points.
  ///   - axis: of the grid.
  ///   - stride: floats of a point.
  init(_ grid: GridShape, axis: Int, stride: Int) {
    let extent = grid.extents[axis]
    let inner = grid.extents[(axis + 1)...].reduce(1, *)
    let outer = grid.count / (extent * inner)
    (length, step) = (extent, inner)
    let fitting = max(1, Self.blockBytes / (extent * stride * 4))
    if inner == 1 {
      let rows = min(fitting, Self.mostRows)
      blocks = Swift.stride(from: 0, to: outer, by: rows).map {
        Block(first: $0 * extent, lines: min(rows, outer - $0), lineStep: extent)
      }
    } else {
      // As many as whose weights are found together.
      let columns = max(fitting / 8 * 8, 8)
      blocks = (0..<outer).flatMap { block in
        Swift.stride(from: 0, to: inner, by: columns).map {
          Block(
            first: block * extent * inner + $0, lines: min(columns, inner - $0), lineStep: 1)
        }
      }
    }
  }

  /// Points of a block.
  func count(of block: Block) -> Int { length * block.lines }
}

/// What lies between each point of a grid and the one before it, along every axis.
struct GridLinks {
  /// N values for each axis; 0 for points that nothing comes before.
  let axes: [AlignedBuffer<Float>]

  /// What lies between points of which one is left out: nothing passes.
  static let cut: Float = 1e30

  /// How two points' levels are compared.
  enum Measure {
    /// Σ |I(n) − I(n − 1)| over channels.
    case sumOfDifferences
    /// ‖I(n) − I(n − 1)‖₂.
    case distance
  }

  init(_ guide: Guide, _ measure: Measure, parallelism: Parallelism) {
    let (grid, channels) = (guide.grid, guide.channels)
    axes = (0..<grid.rank).map { axis in
      let links = AlignedBuffer<Float>(zeros: grid.count)
      let inner = grid.extents[(axis + 1)...].reduce(1, *)
      // Runs of points that all have one before them, in pieces.
      let line = grid.extents[axis] * inner
      let length = line - inner
      let pieces = (length + Self.pieceLength - 1) / Self.pieceLength
      guard pieces > 0 else { return links }
      guide.levels.withUnsafeBufferPointer { levels in
        let grain = max(1, Self.pieceLength / line)
        parallelism.forEachChunk(of: grid.count / line * pieces, grain: grain) { range in
          for item in range {
            let (run, piece) = item.quotientAndRemainder(dividingBy: pieces)
            let start = length * piece / pieces
            let count = length * (piece + 1) / pieces - start
            let first = run * line + inner + start
            let point = levels.baseAddress! + first * channels
            switch measure {
            case .sumOfDifferences:
              ck_link_differences(point, channels, count, inner, links.base + first)
            case .distance:
              ck_link_distances(point, channels, count, inner, links.base + first)
            }
          }
        }
      }
      return links
    }
    if let mask = guide.mask { cut(mask) }
  }

  private static let pieceLength = 16384

  /// The same value for the links of a point along every axis, but for those that `mask` cuts.
  init(_ values: [Float], over grid: GridShape, mask: PointMask?) {
    if let mask {
      axes = (0..<grid.rank).map { _ in AlignedBuffer(copying: values) }
      cut(mask)
    } else {
      let links = AlignedBuffer(copying: values)
      axes = [AlignedBuffer](repeating: links, count: grid.rank)
    }
  }

  /// Cuts the links of points that a mask leaves out. O(N) an axis.
  private func cut(_ mask: PointMask) {
    for (axis, links) in axes.enumerated() {
      let step = mask.grid.extents[(axis + 1)...].reduce(1, *)
      for point in mask.isCounted.indices
      where point >= step && !(mask.isCounted[point] && mask.isCounted[point - step]) {
        links.base[point] = Self.cut
      }
    }
  }
}
