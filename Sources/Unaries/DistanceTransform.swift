/// The exact squared Euclidean distance from every point of a grid to the nearest seed.
///
/// One pass along each axis takes the lower envelope of parabolas: Felzenszwalb & Huttenlocher,
/// "Distance transforms of sampled functions", Theory of Computing 8 (2012),
/// doi:10.4086/toc.2012.v008a019. Distances are integers, and so is what the passes compute.
package enum DistanceTransform {
  /// The distance where there is no seed at all.
  package static let unreachable = Int.max

  /// - Parameter seeds: one flag for each point of `grid`.
  /// - Returns: N squared distances between the centres of points; `unreachable` without seeds.
  /// - Complexity: O(N · rank).
  package static func squaredDistances(to seeds: [Bool], on grid: GridShape) -> [Int] {
    precondition(seeds.count == grid.count, "\(seeds.count) seeds on a grid of \(grid.count)")
    var distances = seeds.map { $0 ? 0 : unreachable }
    var step = 1
    for extent in grid.extents.reversed() {
      var envelope = ParabolaEnvelope(capacity: extent)
      // The lines along this axis start wherever its coordinate is 0.
      for block in stride(from: 0, to: grid.count, by: step * extent) {
        for start in block..<block + step {
          envelope.transform(&distances, start: start, step: step, count: extent)
        }
      }
      step *= extent
    }
    return distances
  }
}

/// The lower envelope of the parabolas (x − v)² + f(v) of one line.
private struct ParabolaEnvelope {
  /// Where each parabola of the envelope has its vertex, and its height there.
  private var vertices: [Int]
  private var heights: [Int]
  /// The first x at which each parabola is below those before it.
  private var starts: [Int]

  init(capacity: Int) {
    vertices = [Int](repeating: 0, count: capacity)
    heights = vertices
    starts = vertices
  }

  /// Replaces f by min over v of (x − v)² + f(v), for the line's `count` points x.
  mutating func transform(_ values: inout [Int], start: Int, step: Int, count: Int) {
    let parabolas = build(values, start: start, step: step, count: count)
    guard parabolas > 0 else { return }
    var current = 0
    for x in 0..<count {
      while current + 1 < parabolas, starts[current + 1] <= x { current += 1 }
      let offset = x - vertices[current]
      values[start + x * step] = offset * offset + heights[current]
    }
  }

  /// - Returns: the number of parabolas in the envelope; 0 where every point is unreachable.
  private mutating func build(_ values: [Int], start: Int, step: Int, count: Int) -> Int {
    var parabolas = 0
    for vertex in 0..<count {
      let height = values[start + vertex * step]
      guard height != DistanceTransform.unreachable else { continue }
      var first = 0
      while parabolas > 0 {
        first = Self.firstBelow(
          (vertex, height), than: (vertices[parabolas - 1], heights[parabolas - 1]))
        guard first <= starts[parabolas - 1] else { break }
        parabolas -= 1
      }
      if parabolas == 0 { first = 0 }
      guard first < count else { continue }
      vertices[parabolas] = vertex
      heights[parabolas] = height
      starts[parabolas] = first
      parabolas += 1
    }
    return parabolas
  }

  /// The first integer x ≥ 0 at which the parabola with the vertex further right is the lower one.
  private static func firstBelow(
    _ right: (vertex: Int, height: Int), than left: (vertex: Int, height: Int)
  ) -> Int {
    let rise =
      right.height + right.vertex * right.vertex - left.height - left.vertex * left.vertex
    guard rise >= 0 else { return 0 }
    return rise / (2 * (right.vertex - left.vertex)) + 1
  }
}
