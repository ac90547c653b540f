import Lattice
import LatticeSupport
import Testing

/// What every filter backend promises, checked on any features.
package struct FilterConformance {
  package let backend: any FilterBackend
  /// The largest mean |Δ| of K·v/K·1 from all pairs in float64, for values in 0...1.
  package let accuracy: Double
  package let seed: UInt64

  package init(_ backend: any FilterBackend, accuracy: Double, seed: UInt64) {
    self.backend = backend
    self.accuracy = accuracy
    self.seed = seed
  }

  /// Runs every check over `features`.
  package func check(_ features: FeatureMatrix) throws {
    let filter = try backend.makeFilter(for: features, parallelism: .serial)
    let place: Comment =
      "\(backend.name), N = \(features.points), d = \(features.dimensions), seed \(seed)"
    #expect(filter.points == features.points, place)
    checkAccuracy(filter, features, place)
    checkAdjoint(filter, place)
    checkLinearity(filter, place)
    checkSelfWeights(filter, place)
    try checkThreads(filter, features, place)
  }

  private func random(_ points: Int, _ channels: Int, _ salt: UInt64) -> ChannelField {
    var generator = SeededGenerator(seed: seed &+ salt)
    return ChannelField(
      points: points, channels: channels,
      rows: (0..<points * channels).map { _ in generator.uniform() })
  }

  private func checkAccuracy(
    _ filter: any GaussianFilter, _ features: FeatureMatrix, _ place: Comment
  ) {
    let values = random(features.points, 3, 1)
    let sums = filter.apply(to: values).rows()
    let ones = ChannelField(
      points: features.points, channels: 1,
      rows: [Float](repeating: 1, count: features.points))
    let masses = filter.apply(to: ones).rows()
    let truth = BruteForce.sums(of: values, features)
    let truthMasses = BruteForce.sums(of: ones, features)
    var error = 0.0
    for index in sums.indices {
      let mass = Double(masses[index / 3])
      error += abs(Double(sums[index]) / mass - truth[index] / truthMasses[index / 3])
    }
    #expect(error / Double(sums.count) <= accuracy, place)
  }

  /// ⟨Kx, y⟩ = ⟨x, Kᵀy⟩. Both sides are sums of N positive products, each rounded a few times.
  private func checkAdjoint(_ filter: any GaussianFilter, _ place: Comment) {
    let x = random(filter.points, 2, 2)
    let y = random(filter.points, 2, 3)
    var transposed = ChannelField(points: filter.points, channels: 2)
    filter.applyTransposed(to: y, into: &transposed)
    let left = BruteForce.product(filter.apply(to: x), y)
    let right = BruteForce.product(x, transposed)
    #expect(abs(left - right) <= 2e-6 * abs(left), place)
  }

  /// K(2x) = 2Kx exactly: doubling changes no rounding.
  private func checkLinearity(_ filter: any GaussianFilter, _ place: Comment) {
    let x = random(filter.points, 5, 4)
    let doubled = ChannelField(points: x.points, channels: 5, rows: x.rows().map { 2 * $0 })
    let isDoubled = filter.apply(to: doubled).rows() == filter.apply(to: x).rows().map { 2 * $0 }
    #expect(isDoubled, place)
  }

  /// Kᵢᵢ is what an impulse at i leaves at i.
  private func checkSelfWeights(_ filter: any GaussianFilter, _ place: Comment) {
    let weights = filter.selfWeights()
    #expect(weights.count == filter.points, place)
    for point in Swift.stride(from: 0, to: filter.points, by: max(1, filter.points / 12)) {
      var impulse = ChannelField(points: filter.points, channels: 1)
      impulse[point, 0] = 1
      let response = filter.apply(to: impulse)[point, 0]
      #expect(abs(response - weights[point]) <= 2e-6, "\(place), point \(point)")
    }
  }

  private func checkThreads(
    _ filter: any GaussianFilter, _ features: FeatureMatrix, _ place: Comment
  ) throws {
    let values = random(features.points, 7, 5)
    let expected = filter.apply(to: values).rows()
    for threads in [2, 3, 8] {
      let parallel = try backend.makeFilter(
        for: features, parallelism: Parallelism(threads: threads))
      let isSame = parallel.apply(to: values).rows() == expected
      #expect(isSame, "\(place), \(threads) threads")
    }
  }
}

/// The definition of the filter, in float64.
package enum BruteForce {
  /// Σⱼ exp(−½‖fᵢ − fⱼ‖²) · values[j], N × C.
  package static func sums(of values: ChannelField, _ features: FeatureMatrix) -> [Double] {
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
