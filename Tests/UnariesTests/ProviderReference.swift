import Foundation
import LatticeSupport
import Unaries

/// What the providers should give, in float64 and by the plainest route.
enum Reference {
  /// −log max(softmax(`scores`), `minimum`) of one point.
  static func energies(logits scores: [Double], minimum: Double = 1e-5) -> [Double] {
    let peak = scores.max()!
    let weights = scores.map { exp($0 - peak) }
    let sum = weights.reduce(0, +)
    return weights.map { -log(max($0 / sum, minimum)) }
  }

  /// exp(−θ)/Z of one point.
  static func probabilities(energies: [Double]) -> [Double] {
    let weights = energies.map { exp(energies.min()! - $0) }
    return weights.map { $0 / weights.reduce(0, +) }
  }

  /// The value at a point of a finer grid: the product of hat functions over all coarse points.
  ///
  /// - Parameter plane: the values on `coarse`, last axis fastest.
  static func upsample(
    _ plane: [Double], from coarse: GridShape, to fine: GridShape, at point: Int,
    alignCorners: Bool
  ) -> Double {
    let coordinates = fine.coordinates(of: point)
    var sum = 0.0
    for cell in 0..<coarse.count {
      let cells = coarse.coordinates(of: cell)
      var weight = 1.0
      for axis in 0..<coarse.rank {
        let position = position(
          coordinates[axis], inputs: coarse.extents[axis], outputs: fine.extents[axis],
          alignCorners: alignCorners)
        weight *= max(0, 1 - abs(position - Double(cells[axis])))
      }
      sum += weight * plane[cell]
    }
    return sum
  }

  private static func position(
    _ output: Int, inputs: Int, outputs: Int, alignCorners: Bool
  ) -> Double {
    let (m, n, i) = (Double(inputs), Double(outputs), Double(output))
    if alignCorners { return n == 1 ? 0 : i * (m - 1) / (n - 1) }
    return min(max((i + 0.5) * m / n - 0.5, 0), m - 1)
  }
}

/// Random scores, (L, …) or (…, L), and the planes they were made from.
struct RandomScores {
  let labels: Int
  let grid: GridShape
  /// One plane of N scores a label.
  let planes: [[Float]]

  /// Normally distributed logits of standard deviation `spread`.
  init(labels: Int, extents: [Int], spread: Float = 3, seed: UInt64 = 1) throws {
    var generator = SeededGenerator(seed: seed)
    let grid = try GridShape(extents)
    self.labels = labels
    self.grid = grid
    planes = (0..<labels).map { _ in (0..<grid.count).map { _ in spread * generator.normal() } }
  }

  /// Other planes over the same grid.
  private init(_ scores: RandomScores, planes: [[Float]]) {
    labels = scores.labels
    grid = scores.grid
    self.planes = planes
  }

  /// The scores of all labels at a point.
  func scores(at point: Int) -> [Double] { planes.map { Double($0[point]) } }

  /// The softmax of the scores over the labels.
  func softmax() -> RandomScores {
    var planes = planes
    for point in 0..<grid.count {
      let row = Reference.probabilities(energies: scores(at: point).map { -$0 })
      for label in 0..<labels { planes[label][point] = Float(row[label]) }
    }
    return RandomScores(self, planes: planes)
  }

  func array(_ layout: ChannelLayout) throws -> NumericArray {
    switch layout {
    case .channelsFirst:
      try NumericArray(shape: [labels] + grid.extents, values: Array(planes.joined()))
    case .channelsLast:
      try NumericArray(
        shape: grid.extents + [labels],
        values: (0..<grid.count).flatMap { point in planes.map { $0[point] } })
    }
  }
}

/// The largest difference between two lists of numbers of the same length.
func largestDifference(_ found: [Float], _ expected: [Double]) -> Double {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).reduce(0) { largest, pair in
    let difference = abs(Double(pair.0) - pair.1)
    // A NaN must not pass for a small difference.
    return difference <= largest ? largest : difference
  }
}
