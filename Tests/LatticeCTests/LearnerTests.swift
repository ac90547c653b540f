import LatticeCHeader
import Testing

/// Learning through the C interface.
struct LearnerTests {
  /// A learner of two labels on a small grid: positions with Potts, and colours with a matrix.
  final class Learned {
    static let extents: [Int64] = [4, 5]
    static let points = 20
    static let labels = 2

    let number: latticecrf_learner
    let energies: [Double] = (0..<points * labels).map { Double($0 % 7) / 3 }
    let upstream: [Double] = (0..<points * labels).map { Double($0 % 5) / 4 - 0.3 }
    var image: [Double] = (0..<3 * points).map { Double(37 * $0 % 90) }
    var positionSigma = 1.5
    var weight = 1.2

    init(precision: Int = LATTICECRF_DOUBLE, filter: Int = LATTICECRF_FILTER_EXACT) throws {
      var options = latticecrf_learning()
      options.size = UInt64(MemoryLayout<latticecrf_learning>.size)
      options.precision = latticecrf_precision(precision)
      options.filter = latticecrf_filter_kind(filter)
      options.threads = 2
      var number: latticecrf_learner = 0
      try #require(
        latticecrf_learner_create(Self.extents, 2, Int64(Self.labels), &options, &number)
          == LATTICECRF_OK)
      self.number = number
    }

    deinit { _ = latticecrf_learner_destroy(number) }

    func addTerms() -> latticecrf_status {
      let first = add(
        sigmas: [positionSigma], compatibility: [weight], image: [], transform: nil)
      return first != LATTICECRF_OK
        ? first
        : add(
          sigmas: [2, 2, 30, 30, 30], compatibility: [-1, 0.3, 0.2, -1.5], image: image,
          transform: nil)
    }

    func add(
      sigmas: [Double], compatibility: [Double], image: [Double], transform: [Double]?,
      positions: Int32 = 1, adapt: (inout latticecrf_learned_term) -> Void = { _ in }
    ) -> latticecrf_status {
      sigmas.withUnsafeBufferPointer { sigmas in
        compatibility.withUnsafeBufferPointer { compatibility in
          image.withUnsafeBufferPointer { image in
            (transform ?? []).withUnsafeBufferPointer { matrix in
              var term = latticecrf_learned_term()
              term.size = UInt64(MemoryLayout<latticecrf_learned_term>.size)
              term.features = image.isEmpty ? nil : image.baseAddress
              term.feature_count = Int64(image.count)
              term.channels = Int32(image.count / Self.points)
              term.bandwidths = sigmas.baseAddress
              term.bandwidth_count = Int64(sigmas.count)
              term.compatibility = compatibility.baseAddress
              term.compatibility_count = Int64(compatibility.count)
              term.transform = transform == nil ? nil : matrix.baseAddress
              term.transform_count = Int64(matrix.count)
              term.has_positions = positions
              term.is_unsymmetric = 1
              adapt(&term)
              return latticecrf_learner_add_term(number, &term)
            }
          }
        }
      }
    }

    /// Marginals and a record of three updates.
    func run() throws -> (marginals: [Double], record: latticecrf_record) {
      var updates = latticecrf_updates()
      updates.size = UInt64(MemoryLayout<latticecrf_updates>.size)
      updates.iterations = 3
      var marginals = [Double](repeating: -1, count: energies.count)
      var record: latticecrf_record = 0
      let status = latticecrf_learner_run(
        number, energies, Int64(energies.count), &updates, &marginals, Int64(marginals.count),
        nil, 0, &record)
      try #require(status == LATTICECRF_OK, "\(String(cString: latticecrf_last_error()))")
      return (marginals, record)
    }

    func loss() throws -> Double {
      let (marginals, record) = try run()
      try #require(latticecrf_record_destroy(record) == LATTICECRF_OK)
      return zip(upstream, marginals).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  /// All gradients of a record.
  struct Gradients {
    var unary = [Double](repeating: 0, count: Learned.points * Learned.labels)
    var compatibilities = [Double](repeating: 0, count: 8)
    var weights = [Double](repeating: 0, count: 5)
    var bandwidths = [Double](repeating: 0, count: 7)
    var features = [Double](repeating: 0, count: 3 * Learned.points)

    mutating func fill(
      _ record: latticecrf_record, _ upstream: [Double], weightCount: Int64 = 5
    ) -> latticecrf_status {
      unary.withUnsafeMutableBytes { unary in
        compatibilities.withUnsafeMutableBufferPointer { compatibilities in
          weights.withUnsafeMutableBufferPointer { weights in
            bandwidths.withUnsafeMutableBufferPointer { bandwidths in
              features.withUnsafeMutableBufferPointer { features in
                var targets = latticecrf_gradients()
                targets.size = UInt64(MemoryLayout<latticecrf_gradients>.size)
                targets.unary = unary.baseAddress
                targets.unary_count = Int64(Learned.points * Learned.labels)
                targets.compatibilities = compatibilities.baseAddress
                targets.compatibility_count = 8
                targets.weights = weights.baseAddress
                targets.weight_count = weightCount
                targets.bandwidths = bandwidths.baseAddress
                targets.bandwidth_count = 7
                targets.features = features.baseAddress
                targets.feature_count = Int64(features.count)
                return latticecrf_record_differentiate(
                  record, upstream, Int64(upstream.count), 0, &targets)
              }
            }
          }
        }
      }
    }
  }

  @Test("gradients are the slopes of the loss, and a record gives them twice")
  func slopes() throws {
    let learned = try Learned()
    try #require(learned.addTerms() == LATTICECRF_OK)
    let (_, record) = try learned.run()
    defer { _ = latticecrf_record_destroy(record) }
    var gradients = Gradients()
    try #require(gradients.fill(record, learned.upstream) == LATTICECRF_OK)
    var again = Gradients()
    try #require(again.fill(record, learned.upstream) == LATTICECRF_OK)
    #expect(again.unary == gradients.unary && again.bandwidths == gradients.bandwidths)

    func slope(_ change: (Learned, Double) -> Void, step: Double) throws -> Double {
      func loss(_ offset: Double) throws -> Double {
        let other = try Learned()
        change(other, offset)
        try #require(other.addTerms() == LATTICECRF_OK)
        return try other.loss()
      }
      return (try loss(step) - loss(-step)) / (2 * step)
    }
    // Central differences in float64: 1e-10 of a loss near 1, over the step, and step²/6.
    let byWeight = try slope({ $0.weight += $1 }, step: 1e-5)
    #expect(abs(gradients.weights[0] - byWeight) < 1e-7)
    let bySigma = try slope({ $0.positionSigma += $1 }, step: 1e-5)
    #expect(abs(gradients.bandwidths[0] + gradients.bandwidths[1] - bySigma) < 1e-7)
    let byColor = try slope({ $0.image[23] += $1 }, step: 1e-3)
    #expect(abs(gradients.features[23] - byColor) < 1e-7)
    // A weight is the negative trace of C's gradient; a matrix as it is, C's gradient itself.
    #expect(
      abs(gradients.weights[0] + gradients.compatibilities[0] + gradients.compatibilities[3])
        < 1e-12)
    #expect(Array(gradients.weights[1...]) == Array(gradients.compatibilities[4...]))
  }

  @Test("float on the exact filter is what double is, to float's rounding")
  func precisions() throws {
    let (single, double) = (try Learned(precision: LATTICECRF_SINGLE), try Learned())
    try #require(single.addTerms() == LATTICECRF_OK && double.addTerms() == LATTICECRF_OK)
    let energies = single.energies.map { Float($0) }
    var marginals = [Float](repeating: -1, count: energies.count)
    var updates = latticecrf_updates()
    updates.size = UInt64(MemoryLayout<latticecrf_updates>.size)
    updates.iterations = 3
    try #require(
      latticecrf_learner_run(
        single.number, energies, Int64(energies.count), &updates, &marginals,
        Int64(marginals.count), nil, 0, nil) == LATTICECRF_OK)
    let (truth, record) = try double.run()
    _ = latticecrf_record_destroy(record)
    // A few roundings of 6e-8 each.
    #expect(zip(marginals, truth).allSatisfy { abs(Double($0) - $1) < 1e-5 })
  }

  @Test("a term's kernel by itself sums values, and its transpose takes gradients back")
  func filter() throws {
    let learned = try Learned()
    try #require(
      learned.add(
        sigmas: [1.5], compatibility: [1], image: [], transform: nil,
        adapt: { $0.normalization = latticecrf_normalization(LATTICECRF_NORMALIZE_AFTER) })
        == LATTICECRF_OK)
    let count = 3 * Learned.points
    let (a, q) = (
      (0..<count).map { Double($0 % 4) - 1 }, (0..<count).map { Double($0 % 5) / 2 }
    )
    func apply(_ values: [Double], transposed: Int32) throws -> [Double] {
      var output = [Double](repeating: 0, count: count)
      try #require(
        latticecrf_learner_filter(
          learned.number, 0, values, Int64(count), 3, transposed, &output, Int64(count))
          == LATTICECRF_OK)
      return output
    }
    let forward = zip(a, try apply(q, transposed: 0)).reduce(0) { $0 + $1.0 * $1.1 }
    let backward = zip(q, try apply(a, transposed: 1)).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(forward - backward) < 1e-12)
    // A weighted mean of ones.
    let ones = try apply([Double](repeating: 1, count: count), transposed: 0)
    #expect(ones.allSatisfy { abs($0 - 1) < 1e-14 })
  }

  @Test("wrong arguments are a status with a text")
  func wrong() throws {
    let learned = try Learned()
    func expect(_ status: latticecrf_status, _ expected: Int, _ text: String) {
      #expect(status == latticecrf_status(expected))
      let error = String(cString: latticecrf_last_error())
      #expect(error.contains(text), "\(error)")
    }
    let argument = LATTICECRF_INVALID_ARGUMENT
    expect(
      learned.add(sigmas: [1, 2, 3], compatibility: [1], image: [], transform: nil), argument,
      "bandwidths")
    expect(
      learned.add(sigmas: [1], compatibility: [1], image: [], transform: [1, 2]), argument,
      "transform")
    expect(
      learned.add(sigmas: [1], compatibility: [1, 2, 3], image: [], transform: nil), argument,
      "compatibility")
    expect(
      learned.add(sigmas: [1], compatibility: [1], image: [], transform: nil, positions: 0),
      argument, "neither")
    expect(
      learned.add(sigmas: [-1], compatibility: [1], image: [], transform: nil), argument,
      "above 0")
    expect(
      learned.add(sigmas: [1], compatibility: [.nan], image: [], transform: nil),
      LATTICECRF_INVALID_DATA, "finite")
    expect(
      learned.add(
        sigmas: [1], compatibility: [1], image: [], transform: nil,
        adapt: { $0.bandwidth_count = 1 << 60 }), argument, "bandwidths")
    expect(latticecrf_learner_destroy(0), LATTICECRF_INVALID_HANDLE, "never given out")
    expect(latticecrf_record_destroy(learned.number), LATTICECRF_INVALID_HANDLE, "something else")
    expect(
      latticecrf_learner_run(learned.number, nil, 40, nil, nil, 0, nil, 0, nil), argument, "null")
    expect(
      latticecrf_learner_run(
        learned.number, learned.energies, 39, nil, nil, 0, nil, 0, nil), argument, "39 elements")
    var energies = learned.energies
    energies[7] = .infinity
    expect(
      latticecrf_learner_run(learned.number, energies, 40, nil, nil, 0, nil, 0, nil),
      LATTICECRF_INVALID_DATA, "point 7")
    try #require(learned.addTerms() == LATTICECRF_OK)
    let (_, record) = try learned.run()
    defer { _ = latticecrf_record_destroy(record) }
    var gradients = Gradients()
    expect(gradients.fill(record, learned.upstream, weightCount: 4), argument, "weights has 4")
    expect(
      latticecrf_learner_filter(learned.number, 2, learned.energies, 40, 2, 0, nil, 40), argument,
      "no term 2")
  }
}
