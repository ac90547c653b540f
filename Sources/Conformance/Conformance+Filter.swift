import Lattice
import LatticeSupport

extension Conformance {
  /// Whether `backend` keeps what `FilterBackend` and `GaussianFilter` promise for some features.
  ///
  /// - Parameter accuracy: the largest mean |Δ| of K·v/K·1 from all pairs in float64, for values in
  ///   0…1, that is promised.
  /// - Parameter features: N × d features.
  /// - Parameter backend: what is checked.
  /// - Throws: what the backend throws.
  /// - Complexity: O(N²·d).
  public static func check(
    _ backend: any FilterBackend, on features: FeatureMatrix, accuracy: Double
  ) throws -> [Violation] {
    var findings = Findings()
    let filter = try backend.makeFilter(for: features, parallelism: .serial)
    findings.expect(
      filter.points == features.points, "a filter is made for all points",
      "\(filter.points) instead of \(features.points)")
    guard findings.violations.isEmpty else { return findings.violations }
    checkAccuracy(filter, features, accuracy, &findings)
    checkAdjoint(filter, &findings)
    checkLinearity(filter, &findings)
    checkSelfWeights(filter, &findings)
    let values = random(features.points, 7, 5)
    let expected = filter.apply(to: values).rows()
    for count in threads + [8] {
      let other = try backend.makeFilter(
        for: features, parallelism: Parallelism(threads: count))
      findings.expectSame(
        expected, other.apply(to: values).rows(), "sums do not depend on threads")
    }
    return findings.violations
  }

  static func random(_ points: Int, _ channels: Int, _ seed: UInt64) -> ChannelField {
    var generator = SeededGenerator(seed: seed)
    return ChannelField(
      points: points, channels: channels,
      rows: (0..<points * channels).map { _ in generator.uniform() })
  }

  private static func checkAccuracy(
    _ filter: any GaussianFilter, _ features: FeatureMatrix, _ accuracy: Double,
    _ findings: inout Findings
  ) {
    let values = random(features.points, 3, 1)
    let ones = ChannelField(
      points: features.points, channels: 1, rows: [Float](repeating: 1, count: features.points))
    let (sums, masses) = (filter.apply(to: values).rows(), filter.apply(to: ones).rows())
    let truth = allPairs(values, features)
    let truthMasses = allPairs(ones, features)
    var error = 0.0
    for index in sums.indices {
      error += abs(
        Double(sums[index]) / Double(masses[index / 3]) - truth[index] / truthMasses[index / 3])
    }
    error /= Double(max(1, sums.count))
    // Written so that NaN fails.
    findings.expect(
      error <= accuracy, "weighted means are as close to those of all pairs as is promised",
      "\(error) off on average instead of \(accuracy)")
  }

  /// ⟨Kx, y⟩ = ⟨x, Kᵀy⟩. Both sides are sums of N positive products, each rounded a few times.
  static func checkAdjoint(_ filter: any GaussianFilter, _ findings: inout Findings) {
    let (x, y) = (random(filter.points, 2, 2), random(filter.points, 2, 3))
    var transposed = ChannelField(points: filter.points, channels: 2)
    filter.applyTransposed(to: y, into: &transposed)
    let left = product(filter.apply(to: x), y)
    let right = product(x, transposed)
    findings.expect(
      abs(left - right) <= 2e-6 * abs(left), "the transposed filter is the transpose",
      "⟨Kx, y⟩ is \(left), but ⟨x, Kᵀy⟩ is \(right)")
  }

  /// K(2x) = 2Kx exactly: doubling changes no rounding.
  private static func checkLinearity(_ filter: any GaussianFilter, _ findings: inout Findings) {
    let x = random(filter.points, 5, 4)
    let doubled = ChannelField(points: x.points, channels: 5, rows: x.rows().map { 2 * $0 })
    findings.expectSame(
      filter.apply(to: x).rows().map { 2 * $0 }, filter.apply(to: doubled).rows(),
      "twice the values give twice the sums")
  }

  /// Kᵢᵢ is what an impulse at i leaves at i.
  private static func checkSelfWeights(_ filter: any GaussianFilter, _ findings: inout Findings) {
    let weights = filter.selfWeights()
    guard weights.count == filter.points else {
      return findings.expect(
        false, "there is a self weight of every point", "\(weights.count) of \(filter.points)")
    }
    for point in stride(from: 0, to: filter.points, by: max(1, filter.points / 12)) {
      var impulse = ChannelField(points: filter.points, channels: 1)
      impulse[point, 0] = 1
      let response = filter.apply(to: impulse)[point, 0]
      findings.expect(
        abs(response - weights[point]) <= 2e-6, "self weights are what an impulse leaves",
        "point \(point) keeps \(response), but its weight is \(weights[point])")
    }
  }

  /// Σⱼ exp(−½‖fᵢ − fⱼ‖²) · values[j], N × C, in float64.
  package static func allPairs(_ values: ChannelField, _ features: FeatureMatrix) -> [Double] {
    let channels = values.channels
    let rows = values.rows().map(Double.init)
    let points = (0..<features.points).map { point in
      (0..<features.dimensions).map { Double(features[point, $0]) }
    }
    var sums = [Double](repeating: 0, count: rows.count)
    for i in points.indices {
      for j in points.indices {
        var distance = 0.0
        for k in points[i].indices {
          let difference = points[i][k] - points[j][k]
          distance += difference * difference
        }
        let weight = exponential(-0.5 * distance)
        for channel in 0..<channels {
          sums[i * channels + channel] += weight * rows[j * channels + channel]
        }
      }
    }
    return sums
  }

  /// ⟨a, b⟩ in float64.
  package static func product(_ a: ChannelField, _ b: ChannelField) -> Double {
    zip(a.rows(), b.rows()).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}
