import LatticeCHeader
import Testing

/// Edge-aware filters through the C interface.
struct EdgeFilterTests {
  private static let extents: [Int64] = [4, 5]
  private static let (points, channels) = (20, 3)

  private let values = (0..<60).map { Float($0 * 7 % 11) / 10 }
  private let upstream = (0..<60).map { Float($0 * 5 % 13) / 6 - 1 }
  /// Of one channel as a map of edges, of two as a guide.
  private let guide = (0..<40).map { Float($0 * 3 % 17) / 12 }

  private func transform(spatial: Double = 3, range: Double = 0.8) -> latticecrf_domain_transform {
    var filter = latticecrf_domain_transform()
    filter.size = UInt64(MemoryLayout<latticecrf_domain_transform>.size)
    (filter.sigma_spatial, filter.sigma_range, filter.threads) = (spatial, range, 2)
    return filter
  }

  private func guided(epsilon: Double = 0.05) -> latticecrf_guided_filter {
    var filter = latticecrf_guided_filter()
    filter.size = UInt64(MemoryLayout<latticecrf_guided_filter>.size)
    (filter.epsilon, filter.radius, filter.threads) = (epsilon, 1, 2)
    return filter
  }

  /// The filter's result for `values`.
  private func apply(
    _ filter: latticecrf_domain_transform, _ values: [Float], _ edges: [Float],
    count: Int64 = 60
  ) -> (status: Int32, output: [Float]) {
    var (filter, output) = (filter, [Float](repeating: -1, count: 60))
    let status = latticecrf_domain_transform_apply(
      &filter, Self.extents, 2, values, count, Int32(Self.channels), edges, Int64(edges.count),
      &output, 60)
    return (status, output)
  }

  private func apply(
    _ filter: latticecrf_guided_filter, _ values: [Float], _ guide: [Float], channels: Int32 = 2
  ) -> (status: Int32, output: [Float]) {
    var (filter, output) = (filter, [Float](repeating: -1, count: 60))
    let status = latticecrf_guided_filter_apply(
      &filter, Self.extents, 2, values, 60, Int32(Self.channels), guide, Int64(guide.count),
      channels, &output, 60)
    return (status, output)
  }

  private struct Gradients {
    var status: Int32 = 0
    var values = [Float](repeating: 0, count: 60)
    var guide: [Float]
    var parameters: [Double]

    /// What `call` fills in.
    init(
      guide: Int, parameters: Int,
      _ call: (UnsafePointer<latticecrf_filter_gradients>) -> Int32
    ) {
      self.guide = [Float](repeating: 0, count: guide)
      self.parameters = [Double](repeating: 0, count: parameters)
      var targets = latticecrf_filter_gradients()
      targets.size = UInt64(MemoryLayout<latticecrf_filter_gradients>.size)
      status = values.withUnsafeMutableBufferPointer { values in
        self.guide.withUnsafeMutableBufferPointer { guide in
          self.parameters.withUnsafeMutableBufferPointer { parameters in
            (targets.values, targets.value_count) = (values.baseAddress, 60)
            (targets.guide, targets.guide_count) = (guide.baseAddress, Int64(guide.count))
            (targets.parameters, targets.parameter_count) = (
              parameters.baseAddress, Int64(parameters.count)
            )
            return call(&targets)
          }
        }
      }
    }
  }

  /// Compares gradients with slopes of the loss Σ upstream · output in steps of 0.01: outputs are
  /// 1e-7 off, sixty of them up to 6e-6, and curvature adds a few 1e-4.
  private func check(
    _ found: Gradients, _ guide: [Float], _ names: [String],
    loss: (_ values: [Float], _ guide: [Float], _ parameter: Int, _ step: Double) -> Double
  ) {
    func close(_ found: Double, _ slope: Double, _ name: String) {
      #expect(abs(found - slope) < 2e-3 * max(1, abs(slope)), "\(name): \(found), \(slope)")
    }
    for index in [0, 17, 59] {
      func at(_ step: Float) -> Double {
        var changed = values
        changed[index] += step
        return loss(changed, guide, 0, 0)
      }
      close(Double(found.values[index]), (at(0.01) - at(-0.01)) / 0.02, "value \(index)")
    }
    for index in [1, guide.count / 2, guide.count - 1] {
      func at(_ step: Float) -> Double {
        var changed = guide
        changed[index] += step
        return loss(values, changed, 0, 0)
      }
      close(Double(found.guide[index]), (at(0.01) - at(-0.01)) / 0.02, "guide \(index)")
    }
    for (index, name) in names.enumerated() {
      let slope =
        (loss(values, guide, index, 0.01) - loss(values, guide, index, -0.01)) / 0.02
      close(found.parameters[index], slope, name)
    }
  }

  private func sum(_ result: (status: Int32, output: [Float])) -> Double {
    #expect(result.status == LATTICECRF_OK)
    return zip(result.output, upstream).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  @Test("a domain transform's gradients are the slopes of a loss")
  func domainTransform() {
    let edges = guide.prefix(20).map { $0 + 0.1 }
    var filter = transform()
    let found = Gradients(guide: 20, parameters: 2) { targets in
      latticecrf_domain_transform_gradient(
        &filter, Self.extents, 2, values, 60, 3, edges, 20, upstream, 60, targets)
    }
    #expect(found.status == LATTICECRF_OK)
    check(found, edges, ["sigma_spatial", "sigma_range"]) { values, edges, parameter, step in
      sum(
        apply(
          transform(
            spatial: 3 + (parameter == 0 ? step : 0), range: 0.8 + (parameter == 1 ? step : 0)),
          values, edges))
    }
  }

  @Test("a guided filter's gradients are the slopes of a loss")
  func guidedFilter() {
    var filter = guided()
    let found = Gradients(guide: 40, parameters: 1) { targets in
      latticecrf_guided_filter_gradient(
        &filter, Self.extents, 2, values, 60, 3, guide, 40, 2, upstream, 60, targets)
    }
    #expect(found.status == LATTICECRF_OK)
    // ε is 0.05: a fifth of the step for it.
    check(found, guide, []) { values, guide, _, _ in sum(apply(self.guided(), values, guide)) }
    let slope =
      (sum(apply(guided(epsilon: 0.052), values, guide))
        - sum(apply(guided(epsilon: 0.048), values, guide))) / 0.004
    #expect(abs(found.parameters[0] - slope) < 0.01 * max(1, abs(slope)))
  }

  @Test("a constant stays one")
  func constants() {
    let constant = [Float](repeating: 0.75, count: 60)
    let edges = Array(guide.prefix(20))
    for output in [
      apply(transform(), constant, edges).output, apply(guided(), constant, guide).output,
    ] {
      // Averages of a few equal numbers.
      #expect(output.allSatisfy { abs($0 - 0.75) < 1e-6 })
    }
  }

  @Test("what is wrong is refused, and nothing is written")
  func refusals() {
    let edges = Array(guide.prefix(20))
    let untouched = [Float](repeating: -1, count: 60)
    func refuse(_ result: (status: Int32, output: [Float]), _ status: Int, _ word: String) {
      #expect(result.status == status && result.output == untouched)
      #expect(String(cString: latticecrf_last_error()).contains(word))
    }
    refuse(apply(transform(range: 0), values, edges), LATTICECRF_INVALID_ARGUMENT, "sigma_range")
    refuse(apply(transform(), values, edges.map { -$0 }), LATTICECRF_INVALID_DATA, "edge")
    refuse(apply(transform(), values, guide), LATTICECRF_INVALID_ARGUMENT, "edge map")
    refuse(
      apply(transform(), values, edges, count: 59), LATTICECRF_INVALID_ARGUMENT, "59")
    refuse(apply(guided(epsilon: 0), values, guide), LATTICECRF_INVALID_ARGUMENT, "epsilon")
    refuse(apply(guided(), values, guide, channels: 3), LATTICECRF_INVALID_ARGUMENT, "guide")
    var broken = values
    broken[31] = .nan
    refuse(apply(guided(), broken, guide), LATTICECRF_INVALID_DATA, "point 11")
    var filter = guided()
    let found = Gradients(guide: 20, parameters: 1) { targets in
      latticecrf_guided_filter_gradient(
        &filter, Self.extents, 2, values, 60, 3, guide, 40, 2, upstream, 60, targets)
    }
    #expect(found.status == LATTICECRF_INVALID_ARGUMENT)
    filter.radius = 0
    refuse(apply(filter, values, guide), LATTICECRF_INVALID_ARGUMENT, "radius")
  }
}
