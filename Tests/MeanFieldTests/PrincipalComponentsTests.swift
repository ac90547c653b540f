import LatticeSupport
import MeanField
import Testing

@Suite struct PrincipalComponentsTests {
  /// Rows with known axes: `spreads[i]` along axis i of a rotation in the planes (0, 1) and (1, 2).
  private func rotatedRows(_ points: Int, spreads: [Float], offset: Float, seed: UInt64) -> [Float]
  {
    var generator = SeededGenerator(seed: seed)
    return (0..<points).flatMap { _ in
      var row = spreads.map { $0 * generator.normal() }
      for i in 0..<row.count - 1 {
        (row[i], row[i + 1]) = (0.8 * row[i] - 0.6 * row[i + 1], 0.6 * row[i] + 0.8 * row[i + 1])
      }
      return row.map { $0 + offset }
    }
  }

  /// Two passes in double precision: the textbook covariance.
  private func covariance(_ rows: [Float], _ d: Int) -> (mean: [Double], matrix: [Double]) {
    let n = rows.count / d
    let mean = (0..<d).map { i in (0..<n).reduce(0.0) { $0 + Double(rows[$1 * d + i]) } / Double(n)
    }
    let matrix = (0..<d * d).map { index in
      (0..<n).reduce(0.0) { sum, row in
        sum + (Double(rows[row * d + index / d]) - mean[index / d])
          * (Double(rows[row * d + index % d]) - mean[index % d])
      } / Double(n - 1)
    }
    return (mean, matrix)
  }

  @Test(
    "components are orthonormal eigenvectors of the covariance", arguments: [0, 1000] as [Float])
  func componentsAreOrthonormalEigenvectorsOfTheCovariance(offset: Float) throws {
    let d = 4
    let rows = rotatedRows(1500, spreads: [9, 4, 2, 1], offset: offset, seed: 5)
    let (mean, matrix) = covariance(rows, d)
    let fitted = try PrincipalComponents(rows: rows, dimensions: d, count: d)

    // All in double precision, on the same float32 rows: what differs is the order of 1500 sums.
    let tolerance = 1e-9
    for i in 0..<d { #expect((fitted.mean[i] - mean[i]).magnitude <= tolerance * 1000) }
    for a in 0..<d {
      let axis = fitted.components[a * d..<(a + 1) * d].map { $0 }
      for b in 0..<d {
        let other = fitted.components[b * d..<(b + 1) * d].map { $0 }
        let product = zip(axis, other).reduce(0) { $0 + $1.0 * $1.1 }
        #expect((product - (a == b ? 1 : 0)).magnitude <= tolerance)
      }
      for i in 0..<d {
        let image = (0..<d).reduce(0) { $0 + matrix[i * d + $1] * axis[$1] }
        #expect((image - fitted.variances[a] * axis[i]).magnitude <= tolerance * matrix[0])
      }
    }
    #expect(fitted.variances == fitted.variances.sorted(by: >))
    // Shares of one total, added in double precision.
    #expect((fitted.totalExplainedVariance - 1).magnitude <= 1e-12)
  }

  @Test("projected rows are uncorrelated with the stated variances")
  func projectedRowsAreUncorrelatedWithTheStatedVariances() throws {
    let rows = rotatedRows(3000, spreads: [6, 3, 1, 0.5], offset: 40, seed: 9)
    let fitted = try PrincipalComponents(rows: rows, dimensions: 4, count: 2)
    let (mean, matrix) = covariance(fitted.project(rows: rows), 2)

    // The projections are rounded to float32: 6e-8 of numbers up to about 20.
    let tolerance = 1e-5
    #expect(mean.allSatisfy { $0.magnitude <= tolerance })
    #expect((matrix[0] / fitted.variances[0] - 1).magnitude <= tolerance)
    #expect((matrix[3] / fitted.variances[1] - 1).magnitude <= tolerance)
    #expect(matrix[1].magnitude <= tolerance * fitted.variances[0])
    // 36 + 9 of 46.25; the sample of 3000 strays by a few parts in a hundred.
    #expect((fitted.totalExplainedVariance - 45 / 46.25).magnitude < 0.01)
    #expect(fitted.explainedVariance.count == 2)
  }

  @Test("the largest entry of every component is positive")
  func theLargestEntryOfEveryComponentIsPositive() throws {
    let rows = rotatedRows(400, spreads: [5, 3, 2, 1, 0.5], offset: -3, seed: 21)
    let fitted = try PrincipalComponents(rows: rows, dimensions: 5, count: 5)
    for component in 0..<5 {
      let axis = fitted.components[component * 5..<(component + 1) * 5]
      #expect(axis.max { $0.magnitude < $1.magnitude }! > 0)
    }
  }

  @Test("rows in pieces and on several threads give the same components")
  func rowsInPiecesAndOnSeveralThreadsGiveTheSameComponents() throws {
    let d = 40
    let rows = rotatedRows(
      1024, spreads: (0..<d).map { Float(d - $0) }, offset: 2, seed: 30)
    var pieces = CovarianceAccumulator(dimensions: d)
    try pieces.add(rows: Array(rows[..<(512 * d)]), parallelism: Parallelism(threads: 3))
    try pieces.add(rows: Array(rows[(512 * d)...]), parallelism: Parallelism(threads: 2))
    let fromPieces = try PrincipalComponents(pieces, count: 6)
    let whole = try PrincipalComponents(
      rows: rows, dimensions: d, count: 6, parallelism: .serial)
    // The pieces end where blocks end, so the sums are the same ones in the same order.
    #expect(fromPieces.components == whole.components)
    #expect(fromPieces.project(rows: rows) == whole.project(rows: rows))
  }

  @Test("rows that are all equal have no variance to explain")
  func rowsThatAreAllEqualHaveNoVarianceToExplain() throws {
    let fitted = try PrincipalComponents(
      rows: [3, 4, 3, 4, 3, 4], dimensions: 2, count: 1)
    #expect(fitted.explainedVariance == [0])
    #expect(fitted.project(rows: [3, 4]) == [0])
  }

  @Test(
    "rows that cannot be fitted are refused with the reason",
    arguments: [
      ([1, 2, 3, 4], 2, 3, "between 1 and 2"),
      ([1, 2, 3, 4], 2, 0, "between 1 and 2"),
      ([1, 2], 2, 1, "at least 2 rows"),
      ([], 2, 1, "at least 2 rows"),
      ([1, 2, 3], 2, 1, "not rows of 2"),
      ([1, 2, .nan, 4], 2, 1, "feature 0 of row 1"),
    ] as [([Float], Int, Int, String)])
  func rowsThatCannotBeFittedAreRefusedWithTheReason(
    rows: [Float], dimensions: Int, count: Int, reason: String
  ) {
    let error = #expect(throws: InputError.self) {
      try PrincipalComponents(rows: rows, dimensions: dimensions, count: count)
    }
    #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
  }
}
