import CKernels
import LatticeSupport

/// Means over the windows of all points, and their transpose, of any number of values a point.
struct WindowMeans {
  private let geometry: WindowGeometry
  /// For each axis, what counts at each place from one radius before it to one behind.
  private let maps: [[Int32]]
  /// For each axis, one over the number of points of each window.
  private let reciprocals: [[Float]]

  /// Floats of neighbouring lines that are done together: whole cache lines, and running sums that
  /// stay in the first-level cache.
  private static let width = 64

  init(_ geometry: WindowGeometry) {
    self.geometry = geometry
    let axes = geometry.extents.indices
    maps = axes.map { axis in
      let radius = geometry.radii[axis]
      return (-radius..<geometry.extents[axis] + radius).map {
        geometry.coordinate($0, axis: axis).map(Int32.init) ?? -1
      }
    }
    reciprocals = axes.map { axis in
      (0..<geometry.extents[axis]).map { Float(geometry.reciprocal($0, axis: axis)) }
    }
  }

  /// Replaces values by their means, or by the gradients of those.
  ///
  /// - Parameters:
  ///   - values: `size` a point.
  ///   - size: values a point.
  ///   - transposed: whether they are gradients by means, and become those by what these are of.
  ///   - parallelism: the threads to use.
  func apply(
    to values: AlignedBuffer<Float>, size: Int, transposed: Bool = false, parallelism: Parallelism
  ) {
    let axes = geometry.extents.indices
    for axis in transposed ? Array(axes) : axes.reversed() where geometry.radii[axis] > 0 {
      let (length, radius) = (geometry.extents[axis], geometry.radii[axis])
      let inner = geometry.extents[(axis + 1)...].reduce(size, *)
      let pieces = (inner + Self.width - 1) / Self.width
      let lines = geometry.extents[..<axis].reduce(1, *) * pieces
      parallelism.forEachChunk(of: lines, grain: 8) { range in
        let sums = AlignedBuffer<Double>(uninitialized: (length + 2 * radius + 1) * Self.width)
        for line in range {
          let first = line % pieces * Self.width
          let width = min(Self.width, inner - first)
          let start = values.base + line / pieces * length * inner + first
          if transposed {
            ck_window_means_transposed(
              start, length, inner, width, radius, maps[axis], reciprocals[axis], sums.base)
          } else {
            ck_window_means(
              start, length, inner, width, radius, maps[axis], reciprocals[axis], sums.base)
          }
        }
      }
    }
  }
}
