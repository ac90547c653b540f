import MeanField
import Unaries

/// How far marginals are from expected ones.
package struct Comparison {
  /// max |ΔQ|.
  package let largest: Float
  /// mean |ΔQ|.
  package let mean: Float
  /// The share of points whose most probable label is the same.
  package let labelAgreement: Double

  /// - Parameter expected: (L, …), labels first, as files hold it.
  package init(_ marginals: Marginals, _ expected: NumericArray) {
    let found = marginals.values.planes()
    precondition(found.count == expected.values.count, "\(found.count), \(expected.values.count)")
    let points = marginals.values.points
    let labelCount = marginals.values.channels
    var largest: Float = 0
    var sum = 0.0
    for (a, b) in zip(found, expected.values) {
      // A NaN must not pass for a small difference.
      largest = abs(a - b) <= largest ? largest : abs(a - b)
      sum += Double(abs(a - b))
    }
    self.largest = largest
    mean = Float(sum / Double(found.count))
    let labels = marginals.labels.labels
    let equal = (0..<points).count { point in
      let best = (1..<max(1, labelCount)).reduce(0) { best, label in
        expected.values[label * points + point] > expected.values[best * points + point]
          ? label : best
      }
      return best == Int(labels[point])
    }
    labelAgreement = Double(equal) / Double(points)
  }
}
