internal import CEigen
import LatticeSupport

/// The few directions in which rows of many features vary most: network features made small enough
/// for a lattice.
///
/// Mean and covariance are gathered in double precision; the components are the leading
/// eigenvectors of the covariance, each with the sign that makes its largest entry positive.
public struct PrincipalComponents: Sendable {
  /// D, the number of features in a row.
  public let dimensions: Int
  /// k, the number of components kept.
  public let count: Int
  /// The mean row, D.
  public let mean: [Double]
  /// The components, k × D; each row has length 1, and they are orthogonal.
  public let components: [Double]
  /// The variance along each component (divisor N − 1), k, descending.
  public let variances: [Double]
  /// The share of the rows' total variance that each component holds, k, each in 0…1.
  ///
  /// Zeros where all rows are equal: there is no variance to share.
  public let explainedVariance: [Double]

  /// The share of the rows' total variance that all k components hold together, in 0…1.
  public var totalExplainedVariance: Double { explainedVariance.reduce(0, +) }

  /// Fits the components to rows.
  ///
  /// - Parameters:
  ///   - rows: N × D, row-major; finite.
  ///   - dimensions: D, at least 1.
  ///   - count: k, the components to keep, 1…D.
  ///   - parallelism: the threads to use; results do not depend on it.
  /// - Throws: `InputError` where k is not in 1…D, there are fewer than two rows, the numbers are
  ///   not whole rows, or one is not finite.
  /// - Complexity: O(N · D² + D³).
  public init(
    rows: [Float], dimensions: Int, count: Int, parallelism: Parallelism = .automatic
  ) throws {
    guard dimensions >= 1, rows.count % dimensions == 0 else {
      throw InputError(.data, "\(rows.count) numbers are not rows of \(dimensions) features")
    }
    var accumulator = CovarianceAccumulator(dimensions: dimensions)
    try accumulator.add(rows: rows, parallelism: parallelism)
    try self.init(accumulator, count: count)
  }

  /// Fits the components to rows gathered before, from as many images as needed.
  package init(_ gathered: CovarianceAccumulator, count: Int) throws {
    let dimensions = gathered.dimensions
    guard count >= 1, count <= dimensions else {
      throw InputError(
        .usage, "\(count) principal components asked of rows with \(dimensions) features",
        remedy: "keep between 1 and \(dimensions)")
    }
    guard gathered.count >= 2 else {
      throw InputError(
        .data, "principal components need at least 2 rows, but \(gathered.count) are given")
    }
    let covariance = gathered.covariance()
    var eigenvalues = [Double](repeating: 0, count: dimensions)
    var eigenvectors = [Double](repeating: 0, count: dimensions * dimensions)
    let status = ceigen_principal_components(
      covariance, Int32(dimensions), &eigenvalues, &eigenvectors)
    guard status == .OK else {
      throw InputError(
        .data,
        "the covariance of \(dimensions) features has no eigenvectors (\(status)); their spread "
          + "may exceed double precision",
        remedy: "bring the features to a similar scale")
    }

    self.dimensions = dimensions
    self.count = count
    mean = gathered.mean
    // A covariance has no negative eigenvalues; rounding can leave one just below zero.
    variances = eigenvalues.prefix(count).map { max(0, $0) }
    components = (0..<count).flatMap { component in
      Self.oriented(eigenvectors[component * dimensions..<(component + 1) * dimensions])
    }
    let total = eigenvalues.reduce(0) { $0 + max(0, $1) }
    explainedVariance = variances.map { total > 0 ? $0 / total : 0 }
  }

  /// `vector` or its negative, whichever has a positive entry of the largest magnitude.
  private static func oriented(_ vector: ArraySlice<Double>) -> [Double] {
    var largest = 0.0
    for entry in vector where entry.magnitude > largest.magnitude { largest = entry }
    return largest < 0 ? vector.map { -$0 } : Array(vector)
  }

  /// The coordinates of every row along the components, from the mean.
  ///
  /// - Parameters:
  ///   - rows: N × D, row-major.
  ///   - parallelism: the threads to use; results do not depend on it.
  /// - Returns: N × k, in the features' own units; each number is rounded once, to float32.
  /// - Complexity: O(N · D · k).
  public func project(rows: [Float], parallelism: Parallelism = .automatic) -> [Float] {
    precondition(
      rows.count % dimensions == 0,
      "\(rows.count) numbers are not rows of \(dimensions) features")
    let points = rows.count / dimensions
    return [Float](unsafeUninitializedCapacity: points * count) { output, initialized in
      nonisolated(unsafe) let output = output
      parallelism.forEachChunk(of: points, grain: Self.rowsPerChunk) { range in
        project(rows, range, into: output)
      }
      initialized = points * count
    }
  }

  /// Long enough that handing out a piece costs nothing beside the work on it.
  private static let rowsPerChunk = 1024

  private func project(
    _ rows: [Float], _ range: Range<Int>, into output: UnsafeMutableBufferPointer<Float>
  ) {
    for point in range {
      for component in 0..<count {
        var sum = 0.0
        for i in 0..<dimensions {
          let centred = Double(rows[point * dimensions + i]) - mean[i]
          sum += centred * components[component * dimensions + i]
        }
        output.initializeElement(at: point * count + component, to: Float(sum))
      }
    }
  }
}
