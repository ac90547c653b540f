import MeanField
import Support
import Unaries

/// Labels that a caller rules out: energies of +∞, logits of −∞, and finite numbers beyond what
/// energies may reach here.
///
/// pydensecrf gives them the probability 0 as the infinities fall out of its softmax. Here they
/// become the energy of the labels that pad a row, which does the same and stays finite in sums.
enum ImpossibleLabels {
  /// - Parameter impossible: the infinity of a label that is ruled out; the other one and NaN are
  ///   wrong.
  /// - Returns: whether there are numbers that `settle` has to look at.
  /// - Throws: a `CallError` that names label and point of a wrong number, or a point that no label
  ///   is left for.
  static func check(
    _ values: UnsafePointer<Float>, layout: FieldLayout, points: Int, channels: Int,
    impossible: Float, _ name: String, parallelism: Parallelism
  ) throws -> Bool {
    let count = points * channels
    if FieldLayout.areWithin(
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

  /// Brings energies of any size into the range that sums of them can have. What is taken from all
  /// labels of a point changes no marginal.
  static func settle(_ energies: inout ChannelField) {
    let (base, stride) = (energies.mutableBase(), energies.stride)
    for point in 0..<energies.points {
      let row = UnsafeMutableBufferPointer(
        start: base + point * stride, count: energies.channels)
      let least = row.min() ?? 0
      let shift = least.magnitude > Arguments.largestEnergy ? least : 0
      for label in row.indices {
        row[label] = min(row[label] - shift, EnergyField.paddingEnergy)
      }
    }
  }

  /// Energies from logits or energies that rule labels out, on a grid that may be finer than
  /// theirs.
  ///
  /// Between a score that rules a label out and one that does not, the label is ruled out; where
  /// that leaves none, those are left that the nearest scores leave.
  ///
  /// - Parameter convert: energies of finite scores, interpolated.
  static func energies(
    of scores: NumericArray, _ kind: ScoreKind,
    by convert: (NumericArray, ScoreKind) throws -> EnergyField
  ) throws -> EnergyField {
    let largest = Float.greatestFiniteMagnitude
    let finite = try NumericArray(
      shape: scores.shape, values: scores.values.map { min(max($0, -largest), largest) })
    let energies = try convert(finite, kind)
    var field = energies.values
    if kind == .logits {
      // Probabilities are raised to the least one: the marks are kept apart from them.
      let marks = try NumericArray(
        shape: scores.shape, values: scores.values.map { $0 == -.infinity ? 1 : 0 })
      rule(outBy: try convert(marks, .energies).values, in: &field)
    }
    settle(&field)
    return EnergyField(unchecked: field, grid: energies.grid)
  }

  /// Rules out what has more than the least share of scores that rule it out.
  private static func rule(outBy shares: ChannelField, in energies: inout ChannelField) {
    let (base, stride) = (energies.mutableBase(), energies.stride)
    for point in 0..<energies.points {
      let share = UnsafeBufferPointer(
        start: shares.base + point * shares.stride, count: energies.channels)
      let least = share.min() ?? 0
      for label in share.indices where share[label] > least {
        base[point * stride + label] = EnergyField.paddingEnergy
      }
    }
  }
}
