import CKernels
import KernelVariants
import LatticeSupport
import TestSupport
import Testing

/// Results must not depend on the processor: all instruction sets put every point into the same
/// simplex, and what they sum differs by the rounding of fused multiplications only.
@Suite struct KernelVariantTests {
  private static let chosen = kernel_variant_chosen().pointee

  /// Points of an image of 61 × 47 pixels with noisy colours.
  private static let points = 61 * 47

  private static func positions(bandwidth: Float) -> [Float] {
    (0..<points).flatMap { [Float($0 % 61) / bandwidth, Float($0 / 61) / bandwidth] }
  }

  private static func colours() -> [Float] {
    var random = SeededGenerator(seed: 3)
    return (0..<points).flatMap { point -> [Float] in
      [Float(point % 61) / 20, Float(point / 61) / 20]
        + (0..<3).map { _ in Float(Int(random.uniform() * 60)) / 11 }
    }
  }

  /// A lattice of all points: vertices, weights, and the number of rows.
  private struct Embedded {
    var vertices: [UInt32]
    var weights: [Float]
    let rows: Int
  }

  private static func embed(
    _ features: [Float], dimensions: Int, _ variant: kernel_variant
  ) -> Embedded {
    var table = ck_vertex_table()
    #expect(ck_table_init(&table, Int32(dimensions), 100, .aligned))
    defer { ck_table_free(&table) }
    let corners = dimensions + 1
    var vertices = [UInt32](repeating: 0, count: points * corners)
    var weights = [Float](repeating: 0, count: points * corners)
    let scratch = AlignedBuffer<Float>(uninitialized: ck_lattice_scratch(Int32(dimensions)))
    var failed = 0
    let status = variant.embed(
      features, points, Int32(dimensions), &table, &vertices, &weights, scratch.base, &failed)
    #expect(status == CK_EMBED_OK)
    return Embedded(vertices: vertices, weights: weights, rows: Int(table.count))
  }

  private static func embedPlanar(_ features: [Float], _ variant: kernel_variant) -> Embedded {
    // 61 × 47 points at σ = 3: t from −32 to 2, X from −2 to 27.
    let frame = ck_planar_frame(last_t: 6, first_x: -8, width: 30)
    let rows = 48 * 30
    var vertices = [UInt32](repeating: 0, count: points * 3)
    var weights = [Float](repeating: 0, count: points * 3)
    var present = [UInt8](repeating: 0, count: rows)
    let scratch = AlignedBuffer<Float>(uninitialized: ck_lattice_scratch(2))
    variant.embed_planar(features, points, frame, &vertices, &weights, &present, scratch.base)
    return Embedded(vertices: vertices, weights: weights, rows: rows)
  }

  @Test func everyPointFallsIntoTheSameSimplex() {
    for (name, variant) in KernelVariant.others {
      for dimensions in [2, 5] {
        let features = dimensions == 2 ? Self.positions(bandwidth: 2.7) : Self.colours()
        let a = Self.embed(features, dimensions: dimensions, Self.chosen)
        let b = Self.embed(features, dimensions: dimensions, variant)
        let same = a.vertices == b.vertices
        #expect(same, "\(name), \(dimensions) features")
        #expect(largestDifference(a.weights, b.weights) == 0, "\(name): weights are not fused")
      }
      let a = Self.embedPlanar(Self.positions(bandwidth: 3), Self.chosen)
      let b = Self.embedPlanar(Self.positions(bandwidth: 3), variant)
      let same = a.vertices == b.vertices && a.weights == b.weights
      #expect(same, "\(name), planar")
    }
  }

  /// Sweeps without a blur between them: gather, softmax and spread, as often as an inference does.
  @Test(arguments: [4, 8, 16, 24, 32, 40, 152], [false, true])
  func sweepsAgree(stride: Int, mixes: Bool) {
    let expected = Self.marginals(Self.chosen, stride: stride, mixes: mixes)
    for (name, variant) in KernelVariant.others {
      // Ten updates, each of which rounds sums of at most a few dozen terms to 6e-8.
      let difference = largestDifference(
        expected, Self.marginals(variant, stride: stride, mixes: mixes))
      #expect(difference < 1e-5, "\(name): \(difference)")
    }
    let sums = (0..<Self.points).map { expected[$0 * stride..<($0 + 1) * stride].reduce(0, +) }
    #expect(sums.allSatisfy { abs($0 - 1) < 1e-5 } && expected.contains { $0 > 2 / Float(stride) })
  }

  /// - Parameter mixes: whether one of the kernels has a matrix.
  private static func marginals(
    _ variant: kernel_variant, stride: Int, mixes: Bool
  ) -> [Float] {
    var random = SeededGenerator(seed: UInt64(stride))
    let unary = AlignedBuffer<Float>(uninitialized: points * stride)
    for index in 0..<unary.count { unary.base[index] = 3 * random.uniform() }
    let scales = (0..<points).map { _ in 0.05 + 0.1 * random.uniform() }
    let factors = (0..<stride).map { _ in -1 - random.uniform() }
    let matrix = AlignedBuffer<Float>(uninitialized: stride * stride)
    for index in 0..<matrix.count { matrix.base[index] = -3 * random.uniform() / Float(stride) }
    let lattices = [
      embed(colours(), dimensions: 5, chosen), embedPlanar(positions(bandwidth: 3), chosen),
    ]
    let corners = lattices.map { lattice in
      (
        vertices: AlignedBuffer(copying: lattice.vertices),
        weights: AlignedBuffer(copying: lattice.weights)
      )
    }
    var rows = lattices.map { lattice in
      (0..<2).map { _ in AlignedBuffer<Float>(zeros: (lattice.rows + 1) * stride) }
    }
    let visits = [0, 1000, 1500, UInt32(points), 1000, 1500]
    let reach = lattices.indices.map { index in
      let reach = AlignedBuffer<UInt32>(uninitialized: ck_sweep_reach_count(visits, 3))
      ck_sweep_reach(
        corners[index].vertices.base, index == 0, index == 0 ? 6 : 3, visits, 3,
        UInt32(lattices[index].rows), reach.base)
      return reach
    }
    let marginals = AlignedBuffer<Float>(zeros: points * stride)
    let scratch = AlignedBuffer<Float>(uninitialized: ck_sweep_scratch(stride))
    var change: Float = 0
    for update in 0...10 {
      scales.withUnsafeBufferPointer { scales in
        factors.withUnsafeBufferPointer { factors in
          let kernels = lattices.indices.map { index in
            ck_sweep_kernel(
              vertices: corners[index].vertices.base, weights: corners[index].weights.base,
              is_by_point: index == 0, corners: index == 0 ? 6 : 3,
              label_factors: index == 0 || mixes ? nil : factors.baseAddress,
              factor: -1, matrix: index == 1 && mixes ? UnsafePointer(matrix.base) : nil,
              channels: Int32(stride), products: nil, message_scale: scales.baseAddress,
              marginal_scale: index == 0 ? scales.baseAddress : nil,
              sliced: update == 0 ? nil : UnsafePointer(rows[index][0].base),
              splatted: update == 10 ? nil : rows[index][1].base,
              row_count: lattices[index].rows + 1, first_row: 1,
              reach: reach[index].base)
          }
          variant.sweep(
            unary.base, stride, visits, 3, kernels, 2, nil,
            marginals.base, &change, scratch.base)
        }
      }
      for index in rows.indices { rows[index].swapAt(0, 1) }
    }
    return Array(UnsafeBufferPointer(start: marginals.base, count: marginals.count))
  }

  @Test func rowsAreReachedInTheOrderOfTheVisits() {
    var random = SeededGenerator(seed: 21)
    let vertices = (0..<3 * 100).map { _ in UInt32(random.uniform() * 50) }
    // Blocks of 32, 8, 32, 28 points.
    let visits: [UInt32] = [60, 100, 0, 60]
    #expect(ck_sweep_reach_count(visits, 2) == 6)
    for isByPoint in [false, true] {
      var reach = [UInt32](repeating: .max, count: 6)
      ck_sweep_reach(vertices, isByPoint, 3, visits, 2, 77, &reach)
      let blocks =
        isByPoint ? [60..<92, 92..<100, 0..<32, 32..<60] : [0..<32, 32..<40, 40..<72, 72..<100]
      var highest: UInt32 = 0
      for (block, points) in blocks.enumerated() {
        #expect(reach[block] == highest)
        highest = max(
          highest, (vertices[3 * points.lowerBound..<3 * points.upperBound].max() ?? 0) + 1)
      }
      #expect(reach[4] == 77 && reach[5] == 77)
    }
  }

  @Test(arguments: [4, 8, 16])
  func blursAgree(width: Int) {
    var random = SeededGenerator(seed: 7)
    let values = (0..<400 * width).map { $0 < width ? 0 : random.uniform() }
    // Chains of two to seven rows, in any order.
    var entries: [UInt32] = [0]
    var rest = Array(UInt32(1)..<400).shuffled(using: &random)
    while rest.count > 7 {
      let length = 2 + Int(random.uniform() * 6)
      entries += rest.suffix(length) + [0]
      rest.removeLast(length)
    }
    let count = entries.count - 1
    entries += [UInt32](repeating: 0, count: Int(CK_CHAIN_LOOKAHEAD))
    func blurred(_ variant: kernel_variant) -> [Float] {
      var rows = values
      var unused = [Float](repeating: 0, count: width)
      variant.blur(&rows, width, entries, count, 0.5, &unused)
      return rows
    }
    func blurredLine(_ variant: kernel_variant) -> [Float] {
      var output = [Float](repeating: -1, count: 100 * width)
      values.withUnsafeBufferPointer { values in
        guard let base = values.baseAddress else { return }
        let lines = ck_planar_lines(
          centre: base, before: base + 100 * width, after: base + 200 * width, before_shift: -1,
          after_shift: 0)
        variant.blur_planar(&output, lines, [1, 40, 44, 99], 2, 100, width)
      }
      return output
    }
    let chains = blurred(Self.chosen)
    let line = blurredLine(Self.chosen)
    #expect(chains != values && line[41 * width] == 0 && line[45 * width] > 0)
    for (name, variant) in KernelVariant.others {
      // ½(a + b) + c in one or two roundings: a unit in the last place of values up to 2.
      #expect(largestDifference(chains, blurred(variant)) <= 2.4e-7, "\(name)")
      #expect(largestDifference(line, blurredLine(variant)) <= 2.4e-7, "\(name)")
    }
  }

  @Test(arguments: [4, 16, 24])
  func vertexGaussiansAgree(stride: Int) {
    var random = SeededGenerator(seed: 11)
    let width = 6
    let groups = (0..<8 * width * 16).map { _ in Float(Int(random.uniform() * 9)) }
    let rows = (0..<8 * 16 * stride).map { _ in random.uniform() }
    let sources = (0..<UInt32(128)).filter { $0 % 3 != 1 }
    func sums(_ variant: kernel_variant) -> [Float] {
      let tile = AlignedBuffer<Float>(zeros: 16 * stride)
      variant.vertex_gaussian(
        groups, Int32(width), -0.02, 400, 3, sources, sources.count, rows, stride, tile.base)
      return Array(UnsafeBufferPointer(start: tile.base, count: tile.count))
    }
    let expected = sums(Self.chosen)
    for (name, variant) in KernelVariant.others {
      // Sums of 85 terms, each weight to 3e-7.
      #expect(largestRelativeDifference(expected, sums(variant)) < 2e-6, "\(name)")
    }
  }

  @Test(arguments: [4, 8, 24])
  func pairSumsAgree(stride: Int) {
    var random = SeededGenerator(seed: 13)
    let size = Int(CK_BLOCK)
    let features = (0..<4 * 3 * size).map { _ in 2 * random.uniform() }
    let values = (0..<4 * size * stride).map { _ in random.uniform() }
    let low = [Float](repeating: 0, count: 12)
    let high = [Float](repeating: 2, count: 12)
    func sums(_ variant: kernel_variant) -> [Float] {
      let output = AlignedBuffer<Float>(zeros: values.count)
      let scratch = AlignedBuffer<Float>(uninitialized: size * size)
      features.withUnsafeBufferPointer { features in
        low.withUnsafeBufferPointer { low in
          high.withUnsafeBufferPointer { high in
            var blocks = ck_blocks(
              features: features.baseAddress, low: low.baseAddress, high: high.baseAddress,
              dimensions: 3, reach: 100, skips_own: false)
            variant.pair_sums(
              &blocks, ck_block_pairs(first_a: 0, end_a: 4, first_b: 0, end_b: 4), values, stride,
              nil, scratch.base,
              output.base)
          }
        }
      }
      return Array(UnsafeBufferPointer(start: output.base, count: output.count))
    }
    let expected = sums(Self.chosen)
    #expect(expected.allSatisfy { $0 > 1 })
    for (name, variant) in KernelVariant.others {
      // Sums of 256 terms.
      #expect(largestRelativeDifference(expected, sums(variant)) < 4e-6, "\(name)")
    }
  }
}

/// max |a − b|; infinite where a value is NaN or the counts differ.
func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { largest, pair in
    let difference = abs(pair.0 - pair.1)
    return difference <= largest ? largest : difference.isNaN ? .infinity : difference
  }
}

/// max |a − b| / |a|, as above.
private func largestRelativeDifference(_ a: [Float], _ b: [Float]) -> Float {
  largestDifference(a.map { _ in 1 }, zip(a, b).map { $0 == $1 ? 1 : $1 / $0 })
}
