import CKernels
import LatticeSupport

/// The sum over pairs of points within a window of their grid; see `WindowBackend`.
struct WindowedGaussian: GaussianFilter {
  let points: Int
  private let extents: [Int]
  private let radius: Int
  private let dimensions: Int
  /// d planes of N, and room behind the last.
  private let planes: AlignedBuffer<Float>
  private var skipsOwn = false
  private let parallelism: Parallelism

  init(_ features: FeatureMatrix, extents: [Int], radius: Int, parallelism: Parallelism) {
    let (points, dimensions) = (features.points, features.dimensions)
    let planes = AlignedBuffer<Float>(
      uninitialized: points * dimensions + Int(CK_NEAR_PADDING))
    planes.clear(points * dimensions..<planes.count)
    parallelism.forEachChunk(of: points, grain: 16_384) { range in
      for point in range {
        for dimension in 0..<dimensions {
          planes.base[dimension * points + point] =
            features.storage.base[point * dimensions + dimension]
        }
      }
    }
    self.points = points
    self.extents = extents
    self.radius = radius
    self.dimensions = dimensions
    self.planes = planes
    self.parallelism = parallelism
  }

  /// K − I: what is left out is not summed in the first place.
  func withoutSelf() -> (any GaussianFilter)? {
    var filter = self
    filter.skipsOwn = true
    return filter
  }

  func selfWeights() -> [Float] { [Float](repeating: skipsOwn ? 0 : 1, count: points) }

  /// - Complexity: O(N·(2·radius + 1)^axes·(d + C)).
  func apply(to values: ChannelField, into output: inout ChannelField) {
    checkShapes(values, output)
    guard points > 0, let length = extents.last else { return }
    let (base, target, stride) = (values.base, output.mutableBase(), values.stride)
    var window = ck_near(
      features: planes.base, plane: points, dimensions: Int32(dimensions), length: length,
      radius: min(radius, length - 1), skips_own: skipsOwn)
    let scratchCount = ck_near_scratch(&window)
    let shape = window
    // Lines of a thread's turn: work for a millisecond or so.
    parallelism.forEachUnlessCancelled(points / length) { line in
      var window = shape
      let scratch = AlignedBuffer<Float>(uninitialized: scratchCount)
      (target + line * length * stride).update(repeating: 0, count: length * stride)
      forEachNeighbour(of: line) { other in
        ck_near_line(
          &window, line * length, other * length, base, stride, target, scratch.base)
      }
    }
  }

  /// Calls `body` for every line within the window of a line, in their order.
  private func forEachNeighbour(of line: Int, _ body: (Int) -> Void) {
    let outer = extents.dropLast()
    var place: [Int] = []
    var rest = line
    for extent in outer.reversed() {
      place.insert(rest % extent, at: 0)
      rest /= extent
    }
    func visit(_ axis: Int, _ first: Int) {
      guard axis < outer.count else { return body(first) }
      let (extent, at) = (outer[axis], place[axis])
      for other in max(0, at - radius)...min(extent - 1, at + radius) {
        visit(axis + 1, first * extent + other)
      }
    }
    visit(0, 0)
  }
}
