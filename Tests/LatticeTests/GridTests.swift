import Conformance
import Lattice
import LatticeSupport
import TestSupport
import Testing

/// The bilateral grid: what it promises of its shape and its cells.
@Suite
struct GridTests {
  private static func response(
    _ offset: Float, at place: Float, cell: Double
  ) throws -> Float {
    let features = try FeatureMatrix(points: 2, dimensions: 1, rows: [place, place + offset])
    let filter = try GridBackend(cell: cell).makeFilter(for: features, parallelism: .serial)
    return filter.apply(to: ChannelField(points: 2, channels: 1, rows: [0, 1])).rows()[0]
  }

  @Test("over all places in a cell, weights average to the Gaussian", arguments: [1, 0.5, 0.25])
  func kernel(cell: Double) throws {
    // A whole cell, which divides the period of lattices.
    let period = LatticeShift.period(feature: 0)
    let length = Float(period / (period / cell).rounded(.up))
    for offset in [0, 0.5, 1, 2, 3] as [Float] {
      let count = 64
      let mean =
        try (0..<count).reduce(Float(0)) { sum, place in
          try sum + Self.response(offset, at: length * Float(place) / Float(count), cell: cell)
        } / Float(count)
      let truth = Float(exponential(-0.5 * Double(offset * offset)))
      // Mass and variance are the Gaussian's. What is left falls with h⁴; by the definition in
      // float64 it is 0.0087 at most for h = 1, at 0, and 1e-4 for h = ½.
      #expect(abs(mean - truth) <= 0.009 * Float(cell * cell * cell * cell) + 1e-5, "\(offset)")
    }
  }

  @Test("finer cells come closer to all pairs", arguments: 1...3)
  func refinement(dimensions: Int) throws {
    let features = try Conformance.randomFeatures([17, 18], dimensions: dimensions, spread: 4)
    let errors = try [1, 0.5, 0.25].map { cell in
      Conformance.meanError(
        of: try GridBackend(cell: cell).makeFilter(for: features, parallelism: .serial),
        on: features)
    }
    // Interpolation is of second order: a quarter of the error, but for what points have in common.
    #expect(errors[1] < errors[0] / 2 && errors[2] < errors[1] / 2, "\(errors)")
  }

  @Test("corners that no point touches are left out where they are too many", arguments: [2, 3])
  func sparse(dimensions: Int) throws {
    var generator = SeededGenerator(seed: 3)
    let features = try FeatureMatrix(
      points: 600, dimensions: dimensions,
      rows: (0..<600 * dimensions).map { _ in 2000 * generator.uniform() })
    let filter = try GridBackend().makeFilter(for: features, parallelism: .automatic)
    let factored = try #require(filter.factored)
    #expect(factored.rowCount <= 600 << dimensions + 1)
    expectNone(Conformance.check(factored), "sparse grid")
    // Points that far apart see themselves alone.
    #expect(Conformance.meanError(of: filter, on: features) < 1e-3)
  }

  @Test("scenes that are moved by the period of lattices keep their places in cells")
  func periods() throws {
    for cell in [1, 0.7, 0.3] {
      func sums(movedBy periods: Int) throws -> [Float] {
        let rows = try Conformance.randomFeatures([1, 200], dimensions: 3, spread: 4)
          .withUnsafeBufferPointer { rows in
            rows.indices.map {
              rows[$0] + Float(Double(periods) * LatticeShift.period(feature: $0 % 3))
            }
          }
        let filter = try GridBackend(cell: cell).makeFilter(
          for: FeatureMatrix(points: 200, dimensions: 3, rows: rows), parallelism: .serial)
        return filter.apply(to: Conformance.random(200, 2, 1)).rows()
      }
      // Features of up to 85 are rounded to 2⁻¹⁸, and so are places in cells of 0.3; weights of
      // 200 points follow.
      let isSame = try zip(sums(movedBy: 0), sums(movedBy: 1)).allSatisfy {
        abs($0 - $1) < 1e-4 * (1 + $0)
      }
      #expect(isSame, "cells of \(cell)")
    }
  }
}
