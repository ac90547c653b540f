import Lattice
import LatticeSupport
import MeanField

extension Conformance {
  /// How near a backend comes to all pairs on random points.
  public struct Accuracy: Sendable, Hashable {
    /// d, the features of a point.
    public let dimensions: Int
    /// The side of the cube that the points fill, in bandwidths.
    public let spread: Int
    /// The mean |Δ| of K·v/K·1, for values in 0…1.
    public let error: Double
    /// What is promised; `nil` where nothing is.
    public let promised: Double?
  }

  /// What came of all checks of a backend.
  public struct FilterReport: Sendable {
    /// The promises.
    public var report = Report()
    /// By dimensions and spread.
    public var accuracies: [Accuracy] = []
    /// Features that were refused, and why.
    public var refusals: [(features: String, reason: String)] = []
  }

  /// Sides of cubes in which all points are near, some are, and most are alone.
  public static let spreads = [1, 4, 16]

  /// All checks of a backend: on random points of some dimensions and spreads, on positions of
  /// grids, on degenerate points, and of gradients that pass through it.
  ///
  /// Points are those of grids, so that backends which look at neighbours can be checked as well.
  ///
  /// - Parameters:
  ///   - backend: what is checked.
  ///   - dimensions: the features that points may have.
  ///   - accuracy: the mean |Δ| of K·v/K·1 from all pairs that is promised; `nil` for what the
  ///     backend promises itself.
  /// - Complexity: O(N²·d) for some hundreds of points, for each number of dimensions.
  public static func checkAll(
    _ backend: any FilterBackend, dimensions: [Int] = Array(1...9), accuracy: Double? = nil
  ) -> FilterReport {
    var all = FilterReport()
    for d in dimensions {
      for spread in spreads {
        attempt("\(d) features, \(spread) bandwidths wide", &all) { all in
          let features = try randomFeatures([17, 18], dimensions: d, spread: Float(spread))
          let promised = accuracy ?? backend.promisedError(dimensions: d)
          let filter = try backend.makeFilter(for: features, parallelism: .serial)
          let error = meanError(of: filter, on: features)
          all.accuracies.append(
            Accuracy(dimensions: d, spread: spread, error: error, promised: promised))
          var report = try check(backend, on: features, accuracy: nil)
          if let promised { report.expectAccuracy(error, promised) }
          return report
        }
      }
      // Two segments, the second of them ragged.
      attempt("\(d) features of 2100 points", &all) { _ in
        let features = try randomFeatures([1, 2100], dimensions: d, spread: 4)
        let filter = try backend.makeFilter(for: features, parallelism: .automatic)
        return filter.factored.map { check($0) } ?? Report()
      }
    }
    for (extents, bandwidths) in [
      ([97], [3.0]), ([17, 23], [2.5, 4]), ([7, 1, 31], [1, 2, 60]),
    ] as [([Int], [Float])] {
      attempt("positions on a grid of \(extents)", &all) { _ in
        try check(
          backend, on: positions(extents, bandwidths),
          accuracy: accuracy ?? backend.promisedError(dimensions: extents.count))
      }
    }
    checkDegenerate(backend, &all)
    attempt("gradients", &all) { _ in try checkGradients(backend) }
    return all
  }

  /// Adds what `body` finds; features may be refused, in words.
  private static func attempt(
    _ features: String, _ all: inout FilterReport,
    _ body: (_ all: inout FilterReport) throws -> Report
  ) {
    let promise = "features are taken, or refused in words"
    do {
      let found = try body(&all)
      all.report.add(found.at(features))
      all.report.expect(true, promise)
    } catch let error as LatticeError {
      all.refusals.append((features, "\(error)"))
      all.report.expect(true, promise)
    } catch let error as InputError {
      all.refusals.append((features, "\(error)"))
      all.report.expect(true, promise)
    } catch {
      all.report.expect(false, promise, "\(features): \(error)")
    }
  }

  /// No points, one, equal ones, and points that are far from each other.
  private static func checkDegenerate(_ backend: any FilterBackend, _ all: inout FilterReport) {
    attempt("no points", &all) { _ in
      var report = Report()
      let features = try FeatureMatrix(points: 0, dimensions: 2, rows: [], extents: [0, 1])
      let filter = try backend.makeFilter(for: features, parallelism: .serial)
      let sums = filter.apply(to: ChannelField(points: 0, channels: 3))
      report.expect(
        sums.points == 0 && filter.selfWeights().isEmpty, "no points have no sums")
      return report
    }
    for points in [1, 2, 15, 16, 17] {
      attempt("\(points) points that coincide", &all) { _ in
        let features = try FeatureMatrix(
          points: points, dimensions: 3, rows: [Float](repeating: 0.25, count: 3 * points),
          extents: [1, points])
        // Of equal points every filter finds the mean, to rounding.
        return try check(
          backend, on: features,
          accuracy: backend.promisedError(dimensions: 3) == nil ? nil : 1e-6)
      }
    }
    // In bandwidths; the second is more than the keys of lattices hold.
    for distance in [1000, 1e8] as [Float] {
      attempt("points that lie \(distance) bandwidths apart", &all) { _ in
        var report = Report()
        var rows = [Float](repeating: 0, count: 12)
        for point in 0..<6 { rows[2 * point + point % 2] = distance * Float(point / 2 - 1) }
        let features = try FeatureMatrix(points: 6, dimensions: 2, rows: rows, extents: [2, 3])
        let filter = try backend.makeFilter(for: features, parallelism: .serial)
        let ones = filter.apply(
          to: ChannelField(points: 6, channels: 1, rows: [Float](repeating: 1, count: 6))
        ).rows()
        let values: [Float] = [1, 2, 3, 5, 8, 13]
        let sums = filter.apply(to: ChannelField(points: 6, channels: 1, rows: values)).rows()
        // Points 2 and 3 both lie at the origin.
        let means: [Float] = [1, 2, 4, 4, 8, 13]
        for point in 0..<6 where !(backend.promisedError(dimensions: 2) == nil && 2...3 ~= point) {
          report.expect(
            abs(sums[point] / ones[point] - means[point]) <= 1e-5 * means[point],
            "what is far away does not matter",
            "point \(point) finds \(sums[point] / ones[point]) instead of \(means[point])")
        }
        return report
      }
    }
  }

  /// The gradients by energies and weights of a loss on marginals, against difference quotients.
  private static func checkGradients(_ backend: any FilterBackend) throws -> Report {
    var report = Report()
    let (extents, labels) = ([6, 9], 3)
    let points = 54
    let features = try randomFeatures(extents, dimensions: 2, spread: 3)
    let rows = features.withUnsafeBufferPointer { $0.map(Double.init) }
    func crf(weight: Double) throws -> DifferentiableCRF<FilteredArithmetic> {
      try DifferentiableCRF(
        points: points, labelCount: labels,
        terms: [
          LearnedTerm(
            LearnedFeatures(rows: rows, dimensions: 2, extents: extents),
            compatibility: .potts(weight))
        ], arithmetic: FilteredArithmetic(backend: backend, parallelism: .serial))
    }
    let energies = random(points, labels, 11)
    let direction = random(points, labels, 12).rows().map { $0 - 0.5 }
    let upstream = ChannelField(
      points: points, channels: labels, rows: random(points, labels, 13).rows().map { $0 - 0.5 })
    let options = UpdateOptions(iterations: 3)
    func loss(step: Float, weight: Double) throws -> Double {
      let moved = ChannelField(
        points: points, channels: labels,
        rows: zip(energies.rows(), direction).map { $0 + step * $1 })
      let marginals = try crf(weight: weight).forward(moved, options).marginals
      return product(marginals, upstream)
    }
    let gradient = try crf(weight: 2).forward(energies, options)
      .gradient(of: upstream, wanted: [.unary, .weights])
    // Long enough that the rounding of sums of 162 float32 numbers is below 1e-4 of the quotient;
    // what the third derivative adds is a thousandth.
    let step = 0.05
    func expect(_ what: String, _ found: Double, _ low: Double, _ high: Double) {
      let quotient = (high - low) / (2 * step)
      report.expect(
        abs(found - quotient) <= 0.01 * abs(quotient) + 1e-4,
        "gradients by \(what) are difference quotients", "\(found) instead of \(quotient)")
    }
    let byUnary = gradient.unary.map { field in
      zip(field.rows(), direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    expect(
      "energies", byUnary ?? .nan, try loss(step: Float(-step), weight: 2),
      try loss(step: Float(step), weight: 2))
    expect(
      "weights", gradient.terms[0].weights?[0] ?? .nan, try loss(step: 0, weight: 2 - step),
      try loss(step: 0, weight: 2 + step))
    return report
  }

  /// Random points in a cube, in the order of a grid's.
  package static func randomFeatures(
    _ extents: [Int], dimensions: Int, spread: Float
  ) throws -> FeatureMatrix {
    var generator = SeededGenerator(seed: UInt64(1000 + dimensions))
    let points = extents.reduce(1, *)
    return try FeatureMatrix(
      points: points, dimensions: dimensions,
      rows: (0..<points * dimensions).map { _ in spread * (generator.uniform() - 0.5) },
      extents: extents)
  }

  /// Features that are positions on a grid and say so.
  package static func positions(_ extents: [Int], _ bandwidths: [Float]) throws -> FeatureMatrix {
    let points = extents.reduce(1, *)
    var rows = [Float](repeating: 0, count: points * extents.count)
    for point in 0..<points {
      var rest = point
      for axis in extents.indices.reversed() {
        rows[point * extents.count + axis] = Float(rest % extents[axis]) / bandwidths[axis]
        rest /= extents[axis]
      }
    }
    return try FeatureMatrix(
      points: points, dimensions: extents.count, rows: rows,
      grid: .init(extents: extents, bandwidths: bandwidths))
  }
}
