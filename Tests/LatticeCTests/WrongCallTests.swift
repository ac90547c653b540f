import LatticeCHeader
import Testing

/// Wrong arguments, each of which must come back as a status with a text.
struct WrongCallTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let status: Int
    /// What the text must mention.
    let text: String
    let call: @Sendable (Painted) -> latticecrf_status

    init(
      _ name: String, _ status: Int, _ text: String,
      _ call: @escaping @Sendable (Painted) -> latticecrf_status
    ) {
      testDescription = name
      self.status = status
      self.text = text
      self.call = call
    }
  }

  private static func create(
    _ extents: [Int64]?, rank: Int32, labels: Int64, threads: Int32 = 1
  ) -> latticecrf_status {
    var number: latticecrf_crf = 0
    return latticecrf_crf_create(extents, rank, labels, threads, &number)
  }

  private static func filter(
    _ features: [Float]?, count: Int64, dimensions: Int32, kind: Int32 = 0
  ) -> latticecrf_status {
    var number: latticecrf_filter = 0
    return latticecrf_filter_create(features, count, dimensions, 0, kind, 1, &number)
  }

  static let argument = LATTICECRF_INVALID_ARGUMENT
  static let data = LATTICECRF_INVALID_DATA

  static let creations: [Case] = [
    Case("null extents", argument, "null") { _ in create(nil, rank: 2, labels: 2) },
    Case("no axes", argument, "axes") { _ in create([], rank: 0, labels: 2) },
    Case("negative rank", argument, "axes") { _ in create([4], rank: -1, labels: 2) },
    Case("an axis of 0", argument, "extent 0") { _ in create([0, 5], rank: 2, labels: 2) },
    Case("a negative axis", argument, "extent 1") { _ in create([5, -5], rank: 2, labels: 2) },
    Case("2³¹ points", argument, "numbered") { _ in create([1 << 16, 1 << 15], rank: 2, labels: 2)
    },
    Case("2⁸⁰ points", argument, "numbered") { _ in
      create([1 << 20, 1 << 20, 1 << 20, 1 << 20], rank: 4, labels: 2)
    },
    Case("an axis of 2³¹", argument, "extent 0") { _ in create([1 << 31], rank: 1, labels: 2) },
    Case("more than memory", LATTICECRF_OUT_OF_MEMORY, "GiB") { _ in
      create([30_000, 30_000], rank: 2, labels: 60_000)
    },
    Case("no labels", argument, "labels") { _ in create([5], rank: 1, labels: 0) },
    Case("2³¹ labels", argument, "labels") { _ in create([5], rank: 1, labels: 1 << 31) },
    Case("negative threads", argument, "threads") { _ in
      create([5], rank: 1, labels: 2, threads: -1)
    },
    Case("nowhere for the number", argument, "null") { _ in
      latticecrf_crf_create([5], 1, 2, 1, nil)
    },
  ]

  static let handles: [Case] = [
    Case("handle 0", LATTICECRF_INVALID_HANDLE, "never given out") { _ in
      latticecrf_crf_destroy(0)
    },
    Case("a handle of nothing", LATTICECRF_INVALID_HANDLE, "never given out") { _ in
      latticecrf_crf_step(.max, nil, 0, 0)
    },
    Case("a CRF for a filter", LATTICECRF_INVALID_HANDLE, "something else") { painted in
      latticecrf_filter_destroy(painted.number)
    },
    Case("a destroyed CRF", LATTICECRF_INVALID_HANDLE, "destroyed") { _ in
      var number: latticecrf_crf = 0
      _ = latticecrf_crf_create([5], 1, 2, 1, &number)
      _ = latticecrf_crf_destroy(number)
      return latticecrf_crf_set_unary(number, [1, 2], 2, 0)
    },
  ]

  static let unaries: [Case] = [
    Case("null unary", argument, "null") { latticecrf_crf_set_unary($0.number, nil, 96, 0) },
    Case("a short unary", argument, "elements") { $0.setUnary([1, 2, 3]) },
    Case("a negative count", argument, "elements") {
      latticecrf_crf_set_unary($0.number, $0.energies, -96, 0)
    },
    Case("NaN in the unary", data, "nan") {
      $0.setUnary([.nan] + $0.energies.dropFirst())
    },
    Case("minus infinity in the unary", data, "label 1 at point 47 is -inf") {
      $0.setUnary($0.energies.dropLast() + [-.infinity])
    },
    Case("a point that no label is left for", data, "all labels at point 47") {
      var energies = $0.energies
      energies[47] = .infinity
      energies[95] = .infinity
      return $0.setUnary(energies)
    },
    Case("plus infinity in logits", data, "inf, but must be finite, or -inf") {
      latticecrf_crf_set_scores(
        $0.number, [.infinity] + $0.energies.dropFirst(), 96, Painted.extents, 1, 0, 1e-5)
    },
    Case("infinity in probabilities", data, "inf") {
      latticecrf_crf_set_scores(
        $0.number, [.infinity] + $0.energies.dropFirst(), 96, Painted.extents, 2, 0, 1e-5)
    },
    Case("no such layout", argument, "layout") { $0.setUnary(layout: 7) },
    Case("no such kind", argument, "kind") {
      latticecrf_crf_set_scores($0.number, $0.energies, 96, Painted.extents, 9, 0, 1e-5)
    },
    Case("scores that sum to more than 1", data, "sum") {
      latticecrf_crf_set_scores(
        $0.number, [Float](repeating: 1, count: 96), 96, Painted.extents, 2, 0, 1e-5)
    },
    Case("a probability to clip at of 2", argument, "probability") {
      latticecrf_crf_set_scores($0.number, $0.energies, 96, Painted.extents, 1, 0, 2)
    },
    Case("scores of other proportions", data, "scene") {
      latticecrf_crf_set_scores($0.number, $0.energies, 14, [7, 1], 1, 0, 1e-5)
    },
  ]

  static let kernels: [Case] = [
    Case("a null term", argument, "null") {
      latticecrf_crf_add_position_kernel($0.number, [3], 1, 0, nil)
    },
    Case("a term without a size", argument, "sizeof") { painted in
      var term = latticecrf_term()
      return latticecrf_crf_add_position_kernel(painted.number, [3], 1, 0, &term)
    },
    Case("a term of a later version", argument, "sizeof") { painted in
      var term = latticecrf_term()
      term.size = UInt64(MemoryLayout<latticecrf_term>.size) + 8
      return latticecrf_crf_add_position_kernel(painted.number, [3], 1, 0, &term)
    },
    Case("a bandwidth of 0", argument, "bandwidth") { painted in
      painted.term { latticecrf_crf_add_position_kernel(painted.number, [0], 1, 0, $0) }
    },
    Case("a negative bandwidth", argument, "bandwidth") { painted in
      painted.term { latticecrf_crf_add_position_kernel(painted.number, [-3], 1, 0, $0) }
    },
    Case("a bandwidth of NaN", data, "finite") { painted in
      painted.term { latticecrf_crf_add_position_kernel(painted.number, [.nan], 1, 0, $0) }
    },
    Case("three bandwidths for two axes", argument, "bandwidths") { painted in
      painted.term { latticecrf_crf_add_position_kernel(painted.number, [1, 2, 3], 3, 0, $0) }
    },
    Case("2³¹ − 1 bandwidths", argument, "bandwidths") { painted in
      painted.term { latticecrf_crf_add_position_kernel(painted.number, [1], .max, 0, $0) }
    },
    Case("no such axis order", argument, "order") { painted in
      painted.term { latticecrf_crf_add_position_kernel(painted.number, [1], 1, 2, $0) }
    },
    Case("no such normalisation", argument, "normalisation") { painted in
      painted.term(normalization: 4) {
        latticecrf_crf_add_position_kernel(painted.number, [1], 1, 0, $0)
      }
    },
    Case("no such filter", argument, "filter") { painted in
      painted.term(filter: -1) { latticecrf_crf_add_position_kernel(painted.number, [1], 1, 0, $0) }
    },
    Case("three weights for two labels", argument, "compatibility") { painted in
      painted.term([1, 2, 3]) {
        latticecrf_crf_add_position_kernel(painted.number, [1], 1, 0, $0)
      }
    },
    Case("an infinite weight", data, "finite") { painted in
      painted.term([.infinity]) {
        latticecrf_crf_add_position_kernel(painted.number, [1], 1, 0, $0)
      }
    },
    Case("a colour bandwidth beyond the keys", LATTICECRF_UNSUPPORTED, "bandwidth") {
      $0.addBilateral(colorSigma: 1e-4)
    },
    Case("a colour bandwidth too small for any", LATTICECRF_UNSUPPORTED, "bandwidth") {
      $0.addBilateral(colorSigma: 1e-29)
    },
    Case("a short image", argument, "image") { painted in
      painted.term {
        latticecrf_crf_add_bilateral_kernel(
          painted.number, [5], 1, painted.image, 10, 0, 3, [9], 1, 0, $0)
      }
    },
    Case("2³¹ − 1 channels", argument, "channels") { painted in
      painted.term {
        latticecrf_crf_add_bilateral_kernel(
          painted.number, [5], 1, painted.image, 144, 0, .max, [9], 1, 0, $0)
      }
    },
    Case("a negative colour bandwidth beside floats", argument, "bandwidth") { painted in
      painted.term {
        latticecrf_crf_add_bilateral_kernel(
          painted.number, [5], 1, [Float](repeating: 1, count: 48), 48, 1, 1, [-9], 1, 0, $0)
      }
    },
    Case("NaN in an image", data, "image") { painted in
      painted.term {
        latticecrf_crf_add_bilateral_kernel(
          painted.number, [5], 1, [Float](repeating: .nan, count: 48), 48, 1, 1, [9], 1, 0, $0)
      }
    },
    Case("no features", argument, "features") { painted in
      painted.term {
        latticecrf_crf_add_feature_kernel(painted.number, [1], 0, 0, 0, 1, nil, 0, $0)
      }
    },
    Case("an infinite feature", data, "feature") { painted in
      painted.term {
        latticecrf_crf_add_feature_kernel(
          painted.number, [Float](repeating: .infinity, count: 48), 48, 1, 0, 1, nil, 0, $0)
      }
    },
    Case("parameters of another kernel", argument, "parameters") { painted in
      painted.term {
        latticecrf_crf_add_feature_kernel(
          painted.number, painted.energies, 96, 2, 0, 2, [1, 1], 2, $0)
      }
    },
  ]

  static let solutions: [Case] = [
    Case("negative iterations", argument, "iterations") {
      var marginals = $0.energies
      return $0.infer(-1, 0, &marginals)
    },
    Case("2³¹ − 1 iterations", argument, "iterations") {
      var marginals = $0.energies
      return $0.infer(.max, 0, &marginals)
    },
    Case("a tolerance of NaN", argument, "tolerance") {
      var marginals = $0.energies
      return $0.infer(1, .nan, &marginals)
    },
    Case("nowhere for marginals", argument, "null") {
      $0.infer(1, 0, nil)
    },
    Case("a short array of labels", argument, "labels") {
      var labels = [UInt16](repeating: 0, count: 48)
      return $0.infer(1, 0, nil, labels: &labels, labelCount: 47)
    },
    Case("marginals that are energies", data, "marginal") {
      var marginals = [Float](repeating: 5, count: 96)
      return latticecrf_crf_step($0.number, &marginals, 96, 0)
    },
    Case("an inference of a broken size", argument, "sizeof") {
      var (marginals, inference) = ($0.energies, latticecrf_inference())
      inference.size = 12
      return latticecrf_crf_infer($0.number, &inference, &marginals, 96, 0, nil, 0)
    },
    Case("energies without a size", argument, "sizeof") {
      var energies = latticecrf_energies()
      return latticecrf_crf_energy($0.number, [Float](repeating: 0.5, count: 96), 96, 0, &energies)
    },
    Case("nowhere for energies", argument, "null") {
      latticecrf_crf_energy($0.number, $0.energies, 96, 0, nil)
    },
    Case("an unaligned array", argument, "multiple") { painted in
      var bytes = [UInt8](repeating: 0, count: 4 * 96 + 8)
      return bytes.withUnsafeMutableBytes { bytes in
        let start = bytes.baseAddress!.alignedUp(for: Float.self) + 1
        return painted.infer(1, 0, start.assumingMemoryBound(to: Float.self))
      }
    },
  ]

  static let filters: [Case] = [
    Case("a filter of no points", argument, "points") { _ in
      filter([1], count: 0, dimensions: 1)
    },
    Case("features that fill no rows", argument, "features") { _ in
      filter([1, 2, 3], count: 3, dimensions: 2)
    },
    Case("256 features", argument, "features") { _ in
      filter([Float](repeating: 0, count: 256), count: 256, dimensions: 256)
    },
    Case("null features", argument, "null") { _ in filter(nil, count: 4, dimensions: 1) },
    Case("NaN among features", data, "nan") { _ in filter([1, .nan], count: 2, dimensions: 1) },
    Case("values of another size", argument, "values") { _ in
      var number: latticecrf_filter = 0
      _ = latticecrf_filter_create([1, 2, 3], 3, 1, 0, 0, 1, &number)
      defer { _ = latticecrf_filter_destroy(number) }
      var output: [Float] = [0, 0, 0]
      return latticecrf_filter_apply(number, [1, 2], 2, 1, 0, 0, &output, 3)
    },
    Case("2³¹ threads", argument, "threads") { _ in latticecrf_set_threads(.max) },
  ]

  @Test(
    "a wrong call gives a status and a text, and changes nothing",
    arguments: creations + handles + unaries + kernels + solutions + filters)
  func wrongCall(wrong: Case) throws {
    let painted = try Painted()
    try #require(painted.setUnary() == LATTICECRF_OK)
    let before = painted.run()
    #expect(wrong.call(painted) == Int32(wrong.status), "\(Painted.error)")
    #expect(Painted.error.contains(wrong.text), "\(Painted.error)")
    #expect(painted.run() == before)
  }
}
