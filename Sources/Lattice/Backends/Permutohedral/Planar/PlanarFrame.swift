import CKernels
import LatticeSupport

/// The lines and columns that hold all vertices of a lattice of two features, and those of each
/// segment.
///
/// See `ckernels_planar.h` for how vertices lie on lines.
struct PlanarFrame: Sendable {
  /// t of line 0; later lines have lower t.
  let lastT: Int
  /// All lines.
  let lineCount: Int
  /// X of column 0, even.
  let firstX: Int
  /// Columns of a line, the first and the last of which no vertex uses.
  let width: Int
  /// The lines of each segment.
  let segmentLines: [Range<Int>]

  /// Rows of all segments.
  var rowCount: Int { segmentLines.lazy.map { $0.count * width }.reduce(0, +) }

  /// The frame of `features`, or `nil` where keys would overflow.
  init?(of features: FeatureMatrix, segments: [Range<Int>], parallelism: Parallelism) {
    var bounds = [Bounds](repeating: Bounds(), count: segments.count)
    bounds.withUnsafeMutableBufferPointer { bounds in
      nonisolated(unsafe) let bounds = bounds
      parallelism.forEach(segments.count) { index in
        bounds[index] = Bounds(of: features, points: segments[index])
      }
    }
    // The hyperplane's last coordinate is −2 times the second feature; the difference of the other
    // two is 2√3 times the first. A vertex of a point's simplex has t within 2 of the former, and X
    // within 1 of a third of the latter; one more covers rounding.
    let limit = ck_lattice_coordinate_limit(2)
    let all = bounds.reduce(Bounds()) { $0.union($1) }
    let farthest = max(
      abs(all.low0), abs(all.high0), abs(all.low1), abs(all.high1))
    guard farthest * 4 < limit else { return nil }
    let lines = bounds.map { bounds in
      (
        first: Int((-2 * bounds.high1).rounded(.down)) - 3,
        last: Int((-2 * bounds.low1).rounded(.up)) + 3
      )
    }
    guard let lastT = lines.lazy.map(\.last).max(), let firstT = lines.lazy.map(\.first).min()
    else { return nil }
    let third = Float(2 / 3.0.squareRoot())
    let lowX = Int((third * all.low0).rounded(.down)) - 4
    let highX = Int((third * all.high0).rounded(.up)) + 2
    let firstX = lowX & ~1
    self.lastT = lastT
    lineCount = lastT - firstT + 1
    self.firstX = firstX
    width = (highX - firstX) / 2 + 2
    segmentLines = lines.map { lastT - $0.last..<lastT - $0.first + 1 }
  }

  /// What the points of segment `index` are embedded with; their rows are counted from its first
  /// line.
  func segmentFrame(_ index: Int) -> ck_planar_frame {
    ck_planar_frame(
      last_t: Int32(lastT - segmentLines[index].lowerBound), first_x: Int32(firstX),
      width: Int32(width))
  }

  /// The smallest and largest features of a run of points.
  private struct Bounds {
    var low0 = Float.infinity
    var high0 = -Float.infinity
    var low1 = Float.infinity
    var high1 = -Float.infinity

    init() {}

    init(of features: FeatureMatrix, points: Range<Int>) {
      let base = features.storage.base
      for point in points {
        let (first, second) = (base[2 * point], base[2 * point + 1])
        low0 = first < low0 ? first : low0
        high0 = first > high0 ? first : high0
        low1 = second < low1 ? second : low1
        high1 = second > high1 ? second : high1
      }
    }

    func union(_ other: Bounds) -> Bounds {
      var all = self
      all.low0 = min(low0, other.low0)
      all.high0 = max(high0, other.high0)
      all.low1 = min(low1, other.low1)
      all.high1 = max(high1, other.high1)
      return all
    }
  }
}
