import Lattice
import LatticeSupport
import Unaries

/// Positions on a grid divided by bandwidths, and what else a kernel compares.
struct PositionFeatures {
  let grid: GridShape
  /// The axes in the order of features.
  let axes: [Int]
  /// The bandwidth of each of `axes`.
  let sigmas: [Float]
  /// The first point's position in bandwidths, but for what no filter notices; 0 for a scene of its
  /// own.
  private let offsets: [Float]
  /// See `Scene.displacements`.
  private let displacements: [Float]?

  init(scene: Scene, sigma: Bandwidths, order: AxisOrder) throws {
    grid = scene.grid
    displacements = scene.displacements
    let axes = order.axes(rank: grid.rank)
    var sigmas = try sigma.expanded(to: grid.rank, of: "axes")
    if sigma.isInMillimetres {
      guard let spacing = scene.spacing else {
        throw InputError(
          .usage, "a bandwidth of \(sigma) needs the spacing of points, which no file says here",
          remedy: "give it in steps of the grid, or an image with a spacing, such as a NIfTI volume"
        )
      }
      for (index, axis) in axes.enumerated() {
        sigmas[index] = Float(Double(sigmas[index]) / Double(spacing[axis]))
      }
    }
    // Large positions would cost digits and keys: they count from a place nearby.
    offsets = axes.indices.map { index in
      let position = Double(scene.origin[axes[index]]) / Double(sigmas[index])
      return Float(LatticeShift.reduced(position, feature: index))
    }
    self.axes = axes
    self.sigmas = sigmas
  }

  /// The grid with its bandwidths in the order of its extents; `nil` where points are moved, so
  /// that they lie on none.
  var gridPositions: FeatureMatrix.GridPositions? {
    guard displacements == nil else { return nil }
    var bandwidths = [Float](repeating: 0, count: grid.rank)
    for (axis, sigma) in zip(axes, sigmas) { bandwidths[axis] = sigma }
    return FeatureMatrix.GridPositions(extents: grid.extents, bandwidths: bandwidths)
  }

  /// N × (rank + extra) features; `fill` writes the extra ones of a point, given its number.
  ///
  /// - Parameters:
  ///   - extra: features of a point besides its position.
  ///   - positions: passed on to the matrix where positions are all there is.
  ///   - parallelism: the threads to use.
  ///   - fill: may run on several threads at once.
  func matrix(
    extra: Int, grid positions: FeatureMatrix.GridPositions?, parallelism: Parallelism,
    fill: (_ point: Int, _ row: UnsafeMutablePointer<Float>) -> Void
  ) -> FeatureMatrix {
    let dimensions = grid.rank + extra
    let storage = AlignedBuffer<Float>(uninitialized: grid.count * dimensions)
    parallelism.forEachChunk(of: grid.count, grain: 16_384) { points in
      var position = coordinates(of: points.lowerBound)
      for point in points {
        let row = storage.base + point * dimensions
        for (index, axis) in axes.enumerated() {
          let moved = displacements.map { $0[point * grid.rank + axis] } ?? 0
          row[index] = (Float(position[axis]) + moved) / sigmas[index] + offsets[index]
        }
        fill(point, row + axes.count)
        advance(&position)
      }
    }
    return FeatureMatrix(
      points: grid.count, dimensions: dimensions, storage: storage, grid: positions,
      extents: grid.extents)
  }

  private func coordinates(of point: Int) -> [Int] {
    var rest = point
    var position = [Int](repeating: 0, count: grid.rank)
    for axis in position.indices.reversed() {
      position[axis] = rest % grid.extents[axis]
      rest /= grid.extents[axis]
    }
    return position
  }

  private func advance(_ position: inout [Int]) {
    for axis in position.indices.reversed() {
      position[axis] += 1
      if position[axis] < grid.extents[axis] { return }
      position[axis] = 0
    }
  }
}
