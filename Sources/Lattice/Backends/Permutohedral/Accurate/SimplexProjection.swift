import CKernels
import LatticeSupport

/// The weights with which a point takes part in the Gaussians around the corners of its simplex.
///
/// Sought is w with Σₐ wₐ·G(vₐ − y) ≈ H(x − y), where G has the variance τ² and H the variance
/// (1 + τ²)/2: in the space that G spans, the scalar product of two such H is the unit Gaussian.
/// The orthogonal projection solves Σ_b G(vₐ − v_b)·w_b = H(x − vₐ). All simplices of a lattice are
/// congruent, so the inverse of the matrix on the left depends only on which corners are kept.
struct SimplexProjection: Sendable {
  /// d + 1.
  let corners: Int
  /// (d + 1)²: G between corners.
  let responses: [Float]
  private let scale: LatticeScale
  private let distances: AlignedBuffer<Float>
  private let inverses: AlignedBuffer<Float>

  /// `nil` above eight dimensions, where sets of corners are too many to keep an inverse of each.
  init?(_ scale: LatticeScale) {
    let corners = scale.dimensions + 1
    guard corners <= CK_SIMPLEX_LIMIT else { return nil }
    self.scale = scale
    self.corners = corners
    let squares = (0..<corners * corners).map { index in
      scale.cornerDistance(steps: abs(index / corners - index % corners))
    }
    distances = AlignedBuffer(copying: squares.map(Float.init))
    let matrix = Self.responses(scale)
    responses = matrix.map(Float.init)
    inverses = AlignedBuffer(zeros: corners * corners << corners)
    for mask in 1..<1 << corners {
      let kept = (0..<corners).filter { mask >> $0 & 1 == 1 }
      let inverse = Self.inverse(of: kept.map { a in kept.map { matrix[a * corners + $0] } })
      let target = inverses.base + mask * corners * corners
      for (i, a) in kept.enumerated() {
        for (j, b) in kept.enumerated() { target[a * corners + b] = Float(inverse[i][j]) }
      }
    }
  }

  /// G between the corners of a simplex, (d + 1)².
  static func responses(_ scale: LatticeScale) -> [Double] {
    let corners = scale.dimensions + 1
    return (0..<corners * corners).map { index in
      let square = scale.cornerDistance(steps: abs(index / corners - index % corners))
      return exponential(-0.5 * square / (scale.unit * scale.variance))
    }
  }

  /// Replaces the barycentric weights of a run of points.
  func project(
    _ weights: AlignedBuffer<Float>, vertices: AlignedBuffer<UInt32>, kept: AlignedBuffer<UInt8>
  ) {
    var simplex = ck_simplex(
      corners: Int32(corners), distances: distances.base, inverses: inverses.base,
      scale: Float(-1 / (scale.unit * (1 + scale.variance))))
    ck_project_weights(
      &simplex, vertices.base, kept.base, weights.count / corners, weights.base)
  }

  /// Gauss–Jordan; a Gaussian's matrix is positive definite, and its corners lie far apart.
  private static func inverse(of matrix: [[Double]]) -> [[Double]] {
    var rows = matrix
    for pivot in rows.indices {
      let factor = 1 / rows[pivot][pivot]
      rows[pivot][pivot] = 1
      for column in rows.indices { rows[pivot][column] *= factor }
      for row in rows.indices where row != pivot {
        let share = rows[row][pivot]
        rows[row][pivot] = 0
        for column in rows.indices { rows[row][column] -= share * rows[pivot][column] }
      }
    }
    return rows
  }
}
