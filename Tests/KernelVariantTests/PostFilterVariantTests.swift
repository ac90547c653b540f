import CKernels
import KernelVariants
import LatticeSupport
import TestSupport
import Testing

/// The kernels of post-filters give the same for all instruction sets: what is only added or
/// counted bit for bit, the rest but for the rounding of fused multiplications.
@Suite struct PostFilterVariantTests {
  private static let chosen = kernel_variant_chosen().pointee

  private func random(_ count: Int, seed: UInt64) -> [Float] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in random.uniform() - 0.5 }
  }

  @Test(arguments: [4, 12, 40, 124])
  func boxSumsAreTheSame(inner: Int) {
    let (outer, length, radius) = (2, 17, 3)
    let given = random(outer * length * inner, seed: 31)
    func sums(_ variant: kernel_variant) -> [Float] {
      var values = given
      variant.box_sums(&values, outer, length, inner, radius)
      return Array(values[..<(outer * (length - 2 * radius) * inner)])
    }
    func doubles(_ variant: kernel_variant) -> [Double] {
      var values = given.map(Double.init)
      variant.box_sums_double(&values, outer, length, inner, radius)
      return Array(values[..<(outer * (length - 2 * radius) * inner)])
    }
    func planes(_ variant: kernel_variant) -> [Float] {
      var block = Array(given[..<(7 * inner)])
      variant.box_planes(&block, Array(given[(7 * inner)...]), inner, 7, 6, inner)
      return Array(block[..<(6 * inner)])
    }
    let (expected, exact) = (sums(Self.chosen), doubles(Self.chosen))
    // Against the definition: float32 sums of seven values up to 1/2.
    #expect(zip(expected, exact).allSatisfy { abs(Double($0) - $1) < 1e-6 })
    #expect(abs(exact[inner] - (1...7).reduce(0) { $0 + Double(given[$1 * inner]) }) < 1e-12)
    // Planes are a line.
    #expect(planes(Self.chosen) == Array(expected[..<(6 * inner)]))
    for (name, variant) in KernelVariant.others {
      #expect(sums(variant) == expected, "\(name)")
      #expect(doubles(variant) == exact, "\(name)")
      #expect(planes(variant) == Array(expected[..<(6 * inner)]), "\(name)")
    }
  }

  @Test(arguments: [(1, 4), (3, 24), (5, 32)])
  func guidedFiltersAgree(channels: Int, lanes: Int) {
    let (positions, window) = (19, 5)
    let (size, statisticsCount) = ((channels + 1) * lanes, channels + channels * (channels + 1) / 2)
    let scores = random(2 * window * positions * lanes, seed: 33)
    let guide = random(2 * window * positions * channels, seed: 35)
    let map = (0..<Int32(positions)).map { $0 == 4 ? -1 : $0 }
    let padded = (statisticsCount + 3) / 4 * 4

    func statistics(_ variant: kernel_variant) -> [Float] {
      var moments = [Double](repeating: 0, count: positions * padded)
      variant.guide_moments(guide, channels, map, positions, padded, &moments)
      variant.box_sums_double(&moments, 1, positions, padded, 2)
      let count = positions - 4
      var result = [Float](repeating: 0, count: count * statisticsCount)
      variant.guide_statistics(
        moments, padded, [Double](repeating: 0.2, count: count), 1, channels, 0.01,
        Array(0..<Int32(count)), count, &result)
      return result
    }
    func windows(_ variant: kernel_variant) -> [Float] {
      var sums = [Float](repeating: 0, count: window * positions * size)
      var scratch = [Float](repeating: 0, count: window * size)
      scores.withUnsafeBufferPointer { scores in
        guide.withUnsafeBufferPointer { guide in
          let planes = (0..<2).map { block in
            ck_guided_planes(
              scores: scores.baseAddress! + block * window * positions * lanes,
              guide: guide.baseAddress! + block * window * positions * channels, pitch: positions)
          }
          variant.guided_windows(
            planes[0], planes[1], channels, positions, window, window, lanes, &sums,
            positions * size, &scratch)
        }
      }
      return sums
    }
    let (knownStatistics, sums) = (statistics(Self.chosen), windows(Self.chosen))
    let weights = [Float](repeating: 0.2, count: positions)
    func models(_ variant: kernel_variant) -> [Float] {
      var values = Array(sums[..<((positions - 4) * size)])
      variant.guided_coefficients(
        &values, weights, 1, knownStatistics, channels, map, positions - 4, lanes)
      return values
    }
    func filtered(_ variant: kernel_variant) -> [Float] {
      var result = [Float](repeating: 0, count: positions * lanes)
      variant.guided_scores(
        sums, weights, 1, guide, channels, Array(0..<Int32(positions)), positions, lanes, &result,
        lanes)
      return result
    }
    // The first sum of the window that begins at the third plane.
    let byHand = (2..<7).reduce(Float(0)) { sum, plane in
      let place = plane * positions
      return sum + scores[place * lanes] * guide[place * channels]
    }
    #expect(abs(sums[2 * positions * size + lanes] - byHand) < 1e-6)
    let (model, result) = (models(Self.chosen), filtered(Self.chosen))
    #expect(model[4 * size..<5 * size].allSatisfy { $0 == 0 } && model[0] != 0)
    for (name, variant) in KernelVariant.others {
      // Sums of five products up to 1/4.
      #expect(largestDifference(sums, windows(variant)) < 3e-7, "\(name)")
      // In float64 until the end; the inverse of what is at least 0.01, up to 100.
      #expect(largestDifference(knownStatistics, statistics(variant)) < 2e-5, "\(name)")
      // Covariances to 1e-7, times weights up to 100 and a few channels.
      #expect(largestDifference(model, models(variant)) < 1e-4, "\(name)")
      #expect(largestDifference(result, filtered(variant)) < 5e-7, "\(name)")
    }
  }

  /// The runs of a map and what is known of them.
  private struct Runs: Equatable {
    var starts: [UInt64]
    var parents: [UInt32]
    var sizes: [UInt32]
    var erased: [UInt16]
    var painted: [UInt16]
  }

  @Test(arguments: [false, true], [1, 63, 64, 65, 150])
  func runsAreTheSame(isDiagonal: Bool, width: Int) {
    var random = SeededGenerator(seed: UInt64(width))
    let rows = 12
    let labels = (0..<rows * width).map { _ in UInt16(random.uniform() * 3) }
    let minimum = [UInt32](repeating: 5, count: 3)
    func runs(_ variant: kernel_variant, around member: UInt16?) -> Runs {
      let words = (width + 63) / 64
      var starts = [UInt64](repeating: 0, count: rows * words)
      var members = starts
      var first = [UInt32](repeating: 0, count: rows + 1)
      first.withUnsafeMutableBufferPointer { first in
        if let member {
          variant.member_starts(
            labels, rows, width, member, &members, &starts, first.baseAddress! + 1)
        } else {
          variant.run_starts(labels, rows, width, &starts, first.baseAddress! + 1)
        }
      }
      for row in 0..<rows { first[row + 1] += first[row] }
      let count = Int(first[rows])
      var (parents, sizes) = (Array(0..<UInt32(count)), [UInt32](repeating: 0, count: count))
      var (erased, painted) = (labels, labels)
      let numbers = (0..<count).map { UInt16(truncatingIfNeeded: $0) }
      labels.withUnsafeBufferPointer { labels in
        members.withUnsafeBufferPointer { members in
          starts.withUnsafeBufferPointer { starts in
            first.withUnsafeBufferPointer { first in
              parents.withUnsafeMutableBufferPointer { parents in
                sizes.withUnsafeMutableBufferPointer { sizes in
                  var runs = ck_runs(
                    labels: labels.baseAddress, members: member == nil ? nil : members.baseAddress,
                    starts: starts.baseAddress, first: first.baseAddress, width: width,
                    parents: parents.baseAddress, sizes: sizes.baseAddress)
                  let above = [
                    ck_row_neighbour(distance: 1, diagonal: isDiagonal, beside: 0, across: 0)
                  ]
                  for row in 1..<rows { variant.link_rows(&runs, row, above, 1, 1) }
                  variant.settle_rows(&runs, 0, rows, -1)
                  variant.erase_rows(&runs, 0, rows, minimum, 255, &erased)
                  variant.paint_rows(&runs, 0, rows, numbers, &painted)
                }
              }
            }
          }
        }
      }
      return Runs(starts: starts, parents: parents, sizes: sizes, erased: erased, painted: painted)
    }
    for member in [nil, UInt16(1)] {
      let expected = runs(Self.chosen, around: member)
      #expect(expected.sizes.reduce(0, +) == UInt32(rows * width))
      for (name, variant) in KernelVariant.others {
        #expect(runs(variant, around: member) == expected, "\(name), \(width)")
      }
    }
  }
}
