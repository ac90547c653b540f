internal import CEigen
import LatticeSupport

/// Rows made comparable by their covariance Σ: after it, Euclidean distance is Mahalanobis
/// distance.
///
/// With Σ = LLᵀ a row x becomes L⁻¹x, so ‖L⁻¹(x − y)‖² = (x − y)ᵀ Σ⁻¹ (x − y). A diagonal Σ divides
/// each feature by its bandwidth; a full one also takes out their correlations.
public struct CovarianceWhitening: Sendable {
  /// d, the number of features in a row.
  public let dimensions: Int
  /// L, d × d in row-major order, zeros above the diagonal.
  private let lower: [Double]

  /// Largest |Σᵢⱼ − Σⱼᵢ| against √(Σᵢᵢ Σⱼⱼ) that passes as rounding of a float32 computation.
  private static let symmetryTolerance = 1e-5

  /// - Parameter covariance: Σ, d × d in row-major order; symmetric and positive definite, in the
  ///   squared units of the features.
  /// - Throws: `InputError` where the matrix is not square, not finite, not symmetric or not
  ///   positive definite.
  /// - Complexity: O(d³).
  public init(covariance: [Float]) throws {
    let dimensions = Int(Double(covariance.count).squareRoot().rounded())
    guard dimensions >= 1, dimensions * dimensions == covariance.count else {
      throw InputError(
        .usage, "a covariance of \(covariance.count) numbers is not a square matrix",
        remedy: "give d·d numbers for d features")
    }
    let symmetric = try Self.symmetrized(covariance, dimensions: dimensions)
    var lower = [Double](repeating: 0, count: covariance.count)
    switch ceigen_cholesky(symmetric, Int32(dimensions), &lower) {
    case .OK:
      break
    case .outOfMemory:
      throw InputError(
        .data, "no memory to factor a covariance of \(dimensions) × \(dimensions)")
    case .notPositiveDefinite, .notFinite, .badArgument,
      .noConvergence:
      throw InputError(
        .usage,
        "the covariance of \(dimensions) × \(dimensions) is not positive definite: some "
          + "combination of features has no variance",
        remedy: "add a small positive number to its diagonal")
    }
    self.dimensions = dimensions
    self.lower = lower
  }

  /// The mean of both triangles, once they are known to agree.
  private static func symmetrized(_ covariance: [Float], dimensions: Int) throws -> [Double] {
    var symmetric = covariance.map(Double.init)
    for row in 0..<dimensions {
      for column in 0...row {
        let below = symmetric[row * dimensions + column]
        let above = symmetric[column * dimensions + row]
        guard below.isFinite, above.isFinite else {
          throw InputError(
            .usage,
            "entry (\(row), \(column)) of the covariance is \(below), its mirror \(above); "
              + "both must be finite")
        }
        let scale =
          (symmetric[row * dimensions + row] * symmetric[column * dimensions + column])
          .magnitude.squareRoot()
        guard (below - above).magnitude <= symmetryTolerance * scale else {
          throw InputError(
            .usage,
            "the covariance is not symmetric: entry (\(row), \(column)) is \(below), but "
              + "(\(column), \(row)) is \(above)")
        }
        symmetric[row * dimensions + column] = (below + above) / 2
        symmetric[column * dimensions + row] = (below + above) / 2
      }
    }
    return symmetric
  }

  /// L⁻¹x for every row x, by forward substitution in double precision.
  ///
  /// - Parameters:
  ///   - rows: N × d, row-major.
  ///   - parallelism: the threads to use; results do not depend on it.
  /// - Returns: N × d, dimensionless; each number is rounded once, to float32.
  /// - Complexity: O(N · d²).
  public func apply(rows: [Float], parallelism: Parallelism = .automatic) -> [Float] {
    precondition(
      rows.count % dimensions == 0,
      "\(rows.count) numbers are not rows of \(dimensions) features")
    let points = rows.count / dimensions
    return [Float](unsafeUninitializedCapacity: rows.count) { output, count in
      nonisolated(unsafe) let output = output
      parallelism.forEachChunk(of: points, grain: Self.rowsPerChunk) { range in
        whiten(rows, range, into: output)
      }
      count = rows.count
    }
  }

  /// Long enough that handing out a piece costs nothing beside the work on it.
  private static let rowsPerChunk = 4096

  private func whiten(
    _ rows: [Float], _ range: Range<Int>, into output: UnsafeMutableBufferPointer<Float>
  ) {
    var solution = [Double](repeating: 0, count: dimensions)
    for point in range {
      let start = point * dimensions
      for i in 0..<dimensions {
        var remainder = Double(rows[start + i])
        for j in 0..<i { remainder -= lower[i * dimensions + j] * solution[j] }
        solution[i] = remainder / lower[i * dimensions + i]
        output.initializeElement(at: start + i, to: Float(solution[i]))
      }
    }
  }
}
