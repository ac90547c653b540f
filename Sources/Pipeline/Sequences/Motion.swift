import LatticeSupport
import Unaries

/// Where the pixels of a window's frames would stand in one of them, by the flow between frames.
///
/// Flow is followed frame by frame, read between pixels by bilinear interpolation. Against its
/// direction it is inverted by fixed-point iteration, q ← p − v(q) (Chen et al., "A simple
/// fixed-point approach to invert a deformation field", Medical Physics 35, 2008). Where flow is
/// unknown, nothing is taken to move.
package struct Motion {
  private let grid: GridShape
  private let parallelism: Parallelism

  /// Rounds after which an inverse is as close as flow itself is: each multiplies the error by how
  /// much the flow differs between neighbours, which is below ½ within an object.
  private static let rounds = 6

  /// - Parameter grid: of a frame.
  package init(over grid: GridShape, parallelism: Parallelism) {
    self.grid = grid
    self.parallelism = parallelism
  }

  /// How far each pixel of the frames is from where it would stand in the middle one: for each
  /// point (0, down, right), as `Scene.displacements` has it.
  ///
  /// - Parameters:
  ///   - flows: of each frame, to the one beside it; of the last (forward) or the first (backward)
  ///     none is looked at.
  ///   - direction: to which one it leads.
  /// - Complexity: O(T·N) for T frames.
  package func displacements(
    _ flows: [FlowField?], _ direction: FlowField.Direction
  ) -> [Float] {
    let (frames, middle) = (flows.count, flows.count / 2)
    var paths = [Path](repeating: Path(repeating: .zero, count: grid.count), count: frames)
    for frame in (0..<middle).reversed() {
      paths[frame] = path(
        flows, direction, from: frame, to: frame + 1, then: paths[frame + 1])
    }
    for frame in middle + 1..<max(middle + 1, frames) {
      paths[frame] = path(
        flows, direction, from: frame, to: frame - 1, then: paths[frame - 1])
    }
    return paths.flatMap { path in path.flatMap { [0, $0.y, $0.x] } }
  }

  /// (x, y) for each pixel.
  private typealias Path = [SIMD2<Float>]

  /// The way from one frame to the one beside it, and on from there.
  private func path(
    _ flows: [FlowField?], _ direction: FlowField.Direction, from frame: Int, to other: Int,
    then rest: Path
  ) -> Path {
    let isForward = other > frame
    let leads = (direction == .forward) == isForward
    let field = (leads ? flows[frame] : flows[other]).map(Self.known)
    guard let field else { return rest }
    var path = Path(repeating: .zero, count: grid.count)
    path.withUnsafeMutableBufferPointer { path in
      nonisolated(unsafe) let path = path
      parallelism.forEachChunk(of: grid.count, grain: 16_384) { points in
        for point in points {
          let (row, column) = point.quotientAndRemainder(dividingBy: grid.width)
          let place = SIMD2(Float(column), Float(row))
          var step = SIMD2<Float>.zero
          if leads {
            step = field[point]
          } else {
            for _ in 0..<Self.rounds { step = -sample(field, at: place + step) }
          }
          path[point] = step + sample(rest, at: place + step)
        }
      }
    }
    return path
  }

  private static func known(_ field: FlowField) -> Path {
    (0..<field.grid.count).map { field.vector($0) ?? .zero }
  }

  /// Between pixels; beyond the borders as on them.
  private func sample(_ values: Path, at place: SIMD2<Float>) -> SIMD2<Float> {
    let last = SIMD2(Float(grid.width - 1), Float(grid.height - 1))
    let inside = place.clamped(lowerBound: .zero, upperBound: last)
    let corner = inside.rounded(.down)
    let share = inside - corner
    let (x, y) = (Int(corner.x), Int(corner.y))
    let (right, below) = (min(x + 1, grid.width - 1), min(y + 1, grid.height - 1))
    func across(_ row: Int) -> SIMD2<Float> {
      let left = values[row * grid.width + x]
      return left + share.x * (values[row * grid.width + right] - left)
    }
    let upper = across(y)
    return upper + share.y * (across(below) - upper)
  }
}
