import Lattice
import LatticeSupport
import Testing

/// What every factored filter promises beyond what all filters do: that its parts are what `apply`
/// puts together, and that it is a value.
package struct FactoredFilterConformance {
  package let seed: UInt64

  package init(seed: UInt64) {
    self.seed = seed
  }

  /// Runs every check over the filter.
  package func check(_ filter: any FactoredFilter, _ name: String) {
    let place: Comment = "\(name), N = \(filter.points), seed \(seed)"
    checkShape(filter, place)
    for channels in [1, 4, 5, 17, 33] {
      checkParts(filter, channels: channels, place)
    }
    checkRowSums(filter, place)
    checkAdjoint(filter, place)
    checkScaled(filter, place)
  }

  private func random(_ points: Int, _ channels: Int, _ salt: UInt64) -> ChannelField {
    var generator = SeededGenerator(seed: seed &+ salt)
    return ChannelField(
      points: points, channels: channels,
      rows: (0..<points * channels).map { _ in generator.uniform() })
  }

  /// Segments are all points, and rows of their own.
  private func checkShape(_ filter: any FactoredFilter, _ place: Comment) {
    let matrix = filter.splatMatrix
    #expect(matrix.points == filter.points && matrix.corners >= 1, place)
    #expect(
      matrix.segments.map(\.points) == SplatMatrix.segmentRanges(of: filter.points), place)
    var next = 1
    for segment in matrix.segments {
      #expect(segment.rows.lowerBound >= next && segment.rows.upperBound <= filter.rowCount, place)
      next = segment.rows.upperBound
      let areInside = matrix.withUnsafeEntries(of: segment) { vertices, weights in
        vertices.count == segment.points.count * matrix.corners && weights.count == vertices.count
          && vertices.allSatisfy { $0 < segment.rows.count }
      }
      #expect(areInside, place)
    }
  }

  /// Splat, blur and slice give what `apply` does, bit for bit; the blur keeps to its scratch
  /// memory and leaves row 0 alone.
  private func checkParts(_ filter: any FactoredFilter, channels: Int, _ place: Comment) {
    let values = random(filter.points, channels, 1)
    let rows = RowPanels(rowCount: filter.rowCount, stride: values.stride)
    filter.splatMatrix.splat(values, into: rows, parallelism: .automatic)
    blurWithGuards(filter, rows, place)
    var isZero = true
    rows.forEach { panel in
      for column in 0..<panel.width { isZero = isZero && panel.base[column] == 0 }
    }
    #expect(isZero, "\(place): row 0")
    var found = ChannelField(points: filter.points, channels: channels)
    filter.splatMatrix.slice(rows, gain: filter.gain, into: &found, parallelism: .automatic)
    let isSame = found.rows() == filter.apply(to: values).rows()
    #expect(isSame, "\(place), \(channels) channels")
  }

  /// A number that no sum of values in 0...1 is.
  private static let guardWord: Float = -77_777
  private static let guardWords = 1024

  private func blurWithGuards(
    _ filter: any FactoredFilter, _ rows: RowPanels, _ place: Comment
  ) {
    let count = filter.blurScratch(stride: rows.stride)
    let memory = AlignedBuffer<Float>(
      repeating: Self.guardWord, count: count + Self.guardWords)
    filter.blur(rows, scratch: UnsafeMutableBufferPointer(start: memory.base, count: count))
    let isUntouched = (count..<count + Self.guardWords).allSatisfy {
      memory.base[$0] == Self.guardWord
    }
    #expect(isUntouched, "\(place): scratch of \(count) floats for a stride of \(rows.stride)")
  }

  /// The same sums of positive numbers in the same order; each product and addition may be rounded
  /// once or twice, by the kernel that does them.
  private func checkRowSums(_ filter: any FactoredFilter, _ place: Comment) {
    let ones = ChannelField(
      points: filter.points, channels: 1, rows: [Float](repeating: 1, count: filter.points))
    let sums = filter.rowSums(parallelism: .automatic)
    let areClose = filter.apply(to: ones).rows().enumerated().allSatisfy {
      abs($1 - sums[$0]) <= 2e-6 * abs($1)
    }
    #expect(areClose, "\(place): row sums")
  }

  /// ⟨Ku, v⟩ = ⟨u, Kᵀv⟩. Both sides are sums of N positive products, each rounded a few times.
  private func checkAdjoint(_ filter: any FactoredFilter, _ place: Comment) {
    let (u, v) = (random(filter.points, 2, 2), random(filter.points, 2, 3))
    var transposed = ChannelField(points: filter.points, channels: 2)
    filter.applyTransposed(to: v, into: &transposed)
    let left = BruteForce.product(filter.apply(to: u), v)
    let right = BruteForce.product(u, transposed)
    #expect(abs(left - right) <= 2e-6 * abs(left), "\(place): adjoint")
  }

  /// A scaled filter is diag(s)·K·diag(s), and the filter that it was copied from is still K.
  private func checkScaled(_ filter: any FactoredFilter, _ place: Comment) {
    let values = random(filter.points, 3, 4)
    let scales = random(filter.points, 1, 5).rows().map { $0 + 0.5 }
    let before = filter.apply(to: values).rows()
    let ownBefore = filter.selfWeights()
    var scaled = filter
    let isScaled = scales.withUnsafeBufferPointer {
      scaled.scale(by: $0, parallelism: .automatic)
    }
    let isUnchanged = filter.apply(to: values).rows() == before
    #expect(isUnchanged, "\(place): the filter that was copied")
    guard isScaled else {
      let isStillSame = scaled.apply(to: values).rows() == before
      #expect(isStillSame, "\(place): a filter that holds no scales")
      return
    }
    let rows = values.rows()
    let inputs = ChannelField(
      points: filter.points, channels: 3,
      rows: rows.indices.map { scales[$0 / 3] * rows[$0] })
    let expected = filter.apply(to: inputs).rows()
    let found = scaled.apply(to: values).rows()
    // One rounding more of every weight, on either side, of sums of positive numbers: 4 · 2⁻²⁴, and
    // as much again for sums that are rounded elsewhere.
    let areClose = found.indices.allSatisfy {
      let truth = scales[$0 / 3] * expected[$0]
      return abs(found[$0] - truth) <= 4e-6 * abs(truth)
    }
    #expect(areClose, "\(place): scaled")
    let own = scaled.selfWeights()
    let areOwnClose = own.indices.allSatisfy {
      let truth = scales[$0] * scales[$0] * ownBefore[$0]
      return abs(own[$0] - truth) <= 4e-6 * abs(truth)
    }
    #expect(areOwnClose, "\(place): scaled self weights")
  }
}
