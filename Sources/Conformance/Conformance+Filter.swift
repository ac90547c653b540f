import Lattice
import LatticeSupport

extension Conformance {
  /// Whether `backend` keeps what `FilterBackend` and `GaussianFilter` promise for some features.
  ///
  /// - Parameter accuracy: the largest mean |Δ| of K·v/K·1 from all pairs in float64, for values in
  ///   0…1, that is promised; `nil` where nothing is.
  /// - Parameter features: N × d features.
  /// - Parameter backend: what is checked.
  /// - Throws: what the backend throws.
  /// - Complexity: O(N²·d).
  public static func check(
    _ backend: any FilterBackend, on features: FeatureMatrix, accuracy: Double?
  ) throws -> Report {
    var report = Report()
    let filter = try backend.makeFilter(for: features, parallelism: .serial)
    report.expect(
      filter.points == features.points, "a filter is made for all points",
      "\(filter.points) instead of \(features.points)")
    guard report.isKept else { return report }
    if let accuracy { report.expectAccuracy(meanError(of: filter, on: features), accuracy) }
    checkAdjoint(filter, &report)
    checkLinearity(filter, &report)
    checkSelfWeights(filter, &report)
    let values = random(features.points, 7, 5)
    let expected = filter.apply(to: values).rows()
    for count in threads + [8] {
      let other = try backend.makeFilter(
        for: features, parallelism: Parallelism(threads: count))
      report.expectSame(
        expected, other.apply(to: values).rows(), "sums do not depend on threads")
    }
    report.expect(
      filter.failure == nil, "sums can be taken",
      filter.failure.map { "\($0)" } ?? "")
    return report
  }

  /// N × C random numbers of 0…1, the same every time.
  package static func random(_ points: Int, _ channels: Int, _ seed: UInt64) -> ChannelField {
    var generator = SeededGenerator(seed: seed)
    return ChannelField(
      points: points, channels: channels,
      rows: (0..<points * channels).map { _ in generator.uniform() })
  }

  /// The mean |Δ| of K·v/K·1 from all pairs in float64, for values in 0…1; 0 without points.
  ///
  /// - Parameter filter: what is measured.
  /// - Parameter features: those that it was made for.
  /// - Complexity: O(N²·d).
  public static func meanError(
    of filter: any GaussianFilter, on features: FeatureMatrix
  ) -> Double {
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
    return error / Double(max(1, sums.count))
  }

  /// ⟨Kx, y⟩ = ⟨x, Kᵀy⟩. Both sides are sums of N positive products, each rounded a few times.
  static func checkAdjoint(_ filter: any GaussianFilter, _ report: inout Report) {
    let (x, y) = (random(filter.points, 2, 2), random(filter.points, 2, 3))
    var transposed = ChannelField(points: filter.points, channels: 2)
    filter.applyTransposed(to: y, into: &transposed)
    let left = product(filter.apply(to: x), y)
    let right = product(x, transposed)
    report.expect(
      abs(left - right) <= 2e-6 * abs(left), "the transposed filter is the transpose",
      "⟨Kx, y⟩ is \(left), but ⟨x, Kᵀy⟩ is \(right)")
    guard filter.isSymmetric else { return }
    let same = product(x, filter.apply(to: y))
    report.expect(
      abs(left - same) <= 2e-6 * abs(left), "a filter that says so is symmetric",
      "⟨Kx, y⟩ is \(left), but ⟨x, Ky⟩ is \(same)")
  }

  /// K(2x) = 2Kx exactly, since doubling changes no rounding; K(x + y) = Kx + Ky to rounding of
  /// sums of N positive products.
  private static func checkLinearity(_ filter: any GaussianFilter, _ report: inout Report) {
    let x = random(filter.points, 5, 4)
    let doubled = ChannelField(points: x.points, channels: 5, rows: x.rows().map { 2 * $0 })
    report.expectSame(
      filter.apply(to: x).rows().map { 2 * $0 }, filter.apply(to: doubled).rows(),
      "twice the values give twice the sums")
    let y = random(filter.points, 5, 6)
    let both = ChannelField(
      points: x.points, channels: 5, rows: zip(x.rows(), y.rows()).map { $0 + $1 })
    let (first, second) = (filter.apply(to: x).rows(), filter.apply(to: y).rows())
    let sums = filter.apply(to: both).rows()
    let farthest =
      sums.indices.lazy.map { index in
        abs(sums[index] - first[index] - second[index]) / max(.leastNormalMagnitude, sums[index])
      }.max() ?? 0
    report.expect(
      farthest <= 1e-5, "the sum of two fields gives the sum of what each gives",
      "\(farthest) of a sum is missing")
  }

  /// Kᵢᵢ is what an impulse at i leaves at i.
  private static func checkSelfWeights(_ filter: any GaussianFilter, _ report: inout Report) {
    let weights = filter.selfWeights()
    guard weights.count == filter.points else {
      return report.expect(
        false, "there is a self weight of every point", "\(weights.count) of \(filter.points)")
    }
    for point in stride(from: 0, to: filter.points, by: max(1, filter.points / 12)) {
      var impulse = ChannelField(points: filter.points, channels: 1)
      impulse[point, 0] = 1
      let response = filter.apply(to: impulse)[point, 0]
      report.expect(
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
