import LatticeSupport
import MeanField
import Unaries

/// Labels that a caller rules out: energies of +∞, logits of −∞, and finite numbers beyond what
/// energies may reach here.
///
/// pydensecrf gives them the probability 0 as the infinities fall out of its softmax. Here they
/// become the energy of the labels that pad a row, which does the same and stays finite in sums.
enum ImpossibleLabels {
  /// - Parameter impossible: the infinity of a label that is ruled out; the other one and NaN are
  ///   wrong.
  /// - Returns: whether there are numbers that `settleHardEnergies` has to look at.
  /// - Throws: a `CallError` that names label and point of a wrong number, or a point that no label
  ///   is left for.
  static func check(
    _ values: UnsafePointer<Float>, layout: ChannelLayout, points: Int, channels: Int,
    impossible: Float, _ name: String, parallelism: Parallelism
  ) throws -> Bool {
    let count = points * channels
    if ChannelLayout.areWithin(
      Arguments.largestEnergy, values, count: count, parallelism: parallelism)
    {
      return false
    }
    let (pointStep, labelStep) = layout == .channelsFirst ? (1, points) : (channels, 1)
    for point in 0..<points {
      var isLeft = false
      for label in 0..<channels {
        let value = values[point * pointStep + label * labelStep]
        guard value.isFinite || value == impossible else {
          throw CallError.data(
            "\(name) of label \(label) at point \(point) is \(value), but must be finite, or "
              + "\(impossible) for a label that cannot be")
        }
        isLeft = isLeft || value.isFinite
      }
      guard isLeft else {
        throw CallError.data(
          "\(name) is \(impossible) for all labels at point \(point), but one of them must be "
            + "possible")
      }
    }
    return true
  }
}
