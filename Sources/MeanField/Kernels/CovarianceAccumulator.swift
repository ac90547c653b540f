import LatticeSupport

/// The mean and covariance of rows that arrive in pieces, in double precision.
///
/// Each block of rows is centred on its own mean and then merged (Chan, Golub & LeVeque, "Updating
/// formulae and a pairwise algorithm for computing sample variances", 1979), so a mean far from
/// zero costs no digits.
package struct CovarianceAccumulator: Sendable {
  /// D, the number of features in a row.
  package let dimensions: Int
  /// N, the rows so far.
  package private(set) var count = 0
  /// The mean of the rows so far, D.
  package private(set) var mean: [Double]
  /// Σ (x − mean)(x − mean)ᵀ over the rows so far, D × D; only the lower triangle is kept.
  private var scatter: [Double]

  /// Few enough rows to stay in cache as doubles, enough to spread a merge's cost.
  private static let rowsPerBlock = 256
  /// Rows of the scatter that one thread takes at a time.
  private static let scatterGrain = 16

  package init(dimensions: Int) {
    precondition(dimensions >= 1, "rows of \(dimensions) features")
    self.dimensions = dimensions
    mean = [Double](repeating: 0, count: dimensions)
    scatter = [Double](repeating: 0, count: dimensions * dimensions)
  }

  /// Takes in N × D numbers, row-major.
  ///
  /// - Throws: `InputError` where a number is not finite; the accumulator is then as it was.
  /// - Complexity: O(N · D²).
  package mutating func add(rows: [Float], parallelism: Parallelism = .automatic) throws {
    precondition(
      rows.count % dimensions == 0,
      "\(rows.count) numbers are not rows of \(dimensions) features")
    if let index = rows.firstIndex(where: { !$0.isFinite }) {
      throw InputError(
        .data,
        "feature \(index % dimensions) of row \(index / dimensions) is \(rows[index]); features "
          + "must be finite")
    }
    let points = rows.count / dimensions
    for start in stride(from: 0, to: points, by: Self.rowsPerBlock) {
      let block = start..<min(points, start + Self.rowsPerBlock)
      addBlock(rows[block.lowerBound * dimensions..<block.upperBound * dimensions], parallelism)
    }
  }

  /// The covariance with divisor N − 1, D × D, both triangles; needs two rows.
  package func covariance() -> [Double] {
    precondition(count >= 2, "the covariance of \(count) rows")
    var covariance = scatter
    for row in 0..<dimensions {
      for column in 0...row {
        let value = scatter[row * dimensions + column] / Double(count - 1)
        covariance[row * dimensions + column] = value
        covariance[column * dimensions + row] = value
      }
    }
    return covariance
  }

  private mutating func addBlock(_ rows: ArraySlice<Float>, _ parallelism: Parallelism) {
    let dimensions = dimensions
    let points = rows.count / dimensions
    var centred = rows.map(Double.init)
    var blockMean = [Double](repeating: 0, count: dimensions)
    for point in 0..<points {
      for i in 0..<dimensions { blockMean[i] += centred[point * dimensions + i] }
    }
    for i in 0..<dimensions { blockMean[i] /= Double(points) }
    for point in 0..<points {
      for i in 0..<dimensions { centred[point * dimensions + i] -= blockMean[i] }
    }

    let total = Double(count + points)
    let weight = Double(count) * Double(points) / total
    let shift = (0..<dimensions).map { blockMean[$0] - mean[$0] }
    scatter.withUnsafeMutableBufferPointer { scatter in
      nonisolated(unsafe) let scatter = scatter
      parallelism.forEachChunk(of: dimensions, grain: Self.scatterGrain) { range in
        for i in range {
          let row = i * dimensions
          for j in 0...i { scatter[row + j] += weight * shift[i] * shift[j] }
          for point in 0..<points {
            let start = point * dimensions
            let value = centred[start + i]
            for j in 0...i { scatter[row + j] += value * centred[start + j] }
          }
        }
      }
    }
    for i in 0..<dimensions { mean[i] += shift[i] * Double(points) / total }
    count += points
  }
}
