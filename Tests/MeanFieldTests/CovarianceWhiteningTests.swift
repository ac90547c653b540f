import LatticeSupport
import MeanField
import Testing

@Suite struct CovarianceWhiteningTests {
  /// AAᵀ for A of `d` × `rank`, in row-major order.
  private func product(_ a: [Float], d: Int, rank: Int) -> [Float] {
    var matrix = [Float](repeating: 0, count: d * d)
    for i in 0..<d {
      for j in 0..<d {
        for k in 0..<rank { matrix[i * d + j] += a[i * rank + k] * a[j * rank + k] }
      }
    }
    return matrix
  }

  /// A random symmetric positive definite matrix, AAᵀ + I.
  private func randomCovariance(_ d: Int, _ generator: inout SeededGenerator) -> [Float] {
    var matrix = product((0..<d * d).map { _ in generator.normal() }, d: d, rank: d)
    for i in 0..<d { matrix[i * d + i] += 1 }
    return matrix
  }

  /// (x − y)ᵀ Σ⁻¹ (x − y) by Gauss–Jordan elimination in double precision, an independent way.
  private func mahalanobis(_ difference: [Double], _ covariance: [Float]) -> Double {
    let d = difference.count
    var matrix = (0..<d).map { i in
      covariance[i * d..<(i + 1) * d].map(Double.init) + [difference[i]]
    }
    for pivot in 0..<d {
      let best = (pivot..<d).max { matrix[$0][pivot].magnitude < matrix[$1][pivot].magnitude }!
      matrix.swapAt(pivot, best)
      for row in 0..<d where row != pivot {
        let factor = matrix[row][pivot] / matrix[pivot][pivot]
        for column in pivot...d { matrix[row][column] -= factor * matrix[pivot][column] }
      }
    }
    return (0..<d).reduce(0) { $0 + difference[$1] * matrix[$1][d] / matrix[$1][$1] }
  }

  @Test("distances after whitening are Mahalanobis distances", arguments: [1, 2, 5, 8, 17])
  func distancesAfterWhiteningAreMahalanobisDistances(d: Int) throws {
    var generator = SeededGenerator(seed: UInt64(d))
    let covariance = randomCovariance(d, &generator)
    let rows = (0..<20 * d).map { _ in 10 * generator.normal() }
    let whitened = try CovarianceWhitening(covariance: covariance).apply(rows: rows)

    for (i, j) in zip(0..<10, 10..<20) {
      let difference = (0..<d).map { Double(rows[i * d + $0]) - Double(rows[j * d + $0]) }
      let expected = mahalanobis(difference, covariance)
      let found = (0..<d).reduce(0.0) {
        let step = Double(whitened[i * d + $1]) - Double(whitened[j * d + $1])
        return $0 + step * step
      }
      // Each whitened number is rounded once to float32 (2⁻²⁴ ≈ 6e-8 of about 10), and a
      // difference of two of them is squared: 1e-5 leaves room for cancellation.
      #expect(
        (found - expected).magnitude <= 1e-5 * max(1, expected), "seed \(d), rows \(i) and \(j)")
    }
  }

  @Test("a diagonal covariance divides each feature by its bandwidth")
  func aDiagonalCovarianceDividesEachFeatureByItsBandwidth() throws {
    let whitening = try CovarianceWhitening(covariance: [4, 0, 0, 0.25])
    // Powers of two: exact.
    #expect(whitening.apply(rows: [2, 2, -6, 1]) == [1, 4, -3, 2])
  }

  @Test("the result does not depend on the number of threads")
  func theResultDoesNotDependOnTheNumberOfThreads() throws {
    var generator = SeededGenerator(seed: 3)
    let whitening = try CovarianceWhitening(covariance: randomCovariance(3, &generator))
    let rows = (0..<3 * 10_000).map { _ in generator.normal() }
    #expect(
      whitening.apply(rows: rows, parallelism: .serial)
        == whitening.apply(rows: rows, parallelism: Parallelism(threads: 3)))
  }

  @Test(
    "a matrix that is no covariance is refused with the reason",
    arguments: [
      ([], "not a square matrix"),
      ([1, 0, 0], "not a square matrix"),
      ([1, 0.5, 0.4, 1], "not symmetric"),
      ([1, .nan, 0, 1], "finite"),
      ([.infinity], "finite"),
      ([1, 2, 2, 1], "not positive definite"),
      ([1, 1, 1, 1], "not positive definite"),
      ([0], "not positive definite"),
      ([-1], "not positive definite"),
    ] as [([Float], String)])
  func aMatrixThatIsNoCovarianceIsRefusedWithTheReason(
    covariance: [Float], reason: String
  ) {
    let error = #expect(throws: InputError.self) {
      try CovarianceWhitening(covariance: covariance)
    }
    #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
  }

  @Test("a singular matrix is refused whichever way rounding leans")
  func aSingularMatrixIsRefusedWhicheverWayRoundingLeans() {
    // Products of whole numbers, exact in float32 and of rank 3 in 4 dimensions: the last pivot of
    // the factorisation is nothing but rounding error, of either sign.
    for seed in 0..<50 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let factor = (0..<4 * 3).map { _ in Float(Int.random(in: -9...9, using: &generator)) }
      let covariance = product(factor, d: 4, rank: 3)
      #expect(throws: InputError.self, "seed \(seed)") {
        try CovarianceWhitening(covariance: covariance)
      }
    }
  }
}
