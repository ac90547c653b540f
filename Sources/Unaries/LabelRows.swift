import CKernels
import LatticeSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A block of rows of a `ChannelField`, one value per label, converted in place.
///
/// The handle for loops over raw memory: whoever makes one vouches that `points` rows of `stride`
/// floats from `base` on are written through it alone.
struct LabelRows {
  let base: UnsafeMutablePointer<Float>
  let points: Int
  let labels: Int
  let stride: Int

  /// The row of point `point` of the block.
  func row(_ point: Int) -> UnsafeMutablePointer<Float> {
    assert(point >= 0 && point < points)
    return base + point * stride
  }

  /// The rows `range` of the block.
  func rows(_ range: Range<Int>) -> LabelRows {
    assert(range.lowerBound >= 0 && range.upperBound <= points)
    return LabelRows(
      base: base + range.lowerBound * stride, points: range.count, labels: labels, stride: stride)
  }

  /// Logits to energies: −log max(softmax, `minimumProbability`). The padding of rows is
  /// overwritten.
  func convertLogits(minimumProbability: Float) {
    ck_convert_logits(base, points, stride, labels, -logf(minimumProbability))
  }

  /// The same where labels may be ruled out by `HardScores`: their energy is `paddingEnergy`, not
  /// that of `minimumProbability`.
  func convertLogits(minimumProbability: Float, rulesOut: Bool) {
    guard rulesOut else { return convertLogits(minimumProbability: minimumProbability) }
    var ruledOut: [Int] = []
    for point in 0..<points {
      let row = rows(point..<point + 1)
      let peak = (0..<labels).reduce(-Float.infinity) { max($0, row.base[$1]) }
      ruledOut.removeAll(keepingCapacity: true)
      for label in 0..<labels where peak - row.base[label] > HardScores.threshold {
        ruledOut.append(label)
      }
      row.convertLogits(minimumProbability: minimumProbability)
      for label in ruledOut { row.base[label] = EnergyField.paddingEnergy }
    }
  }

  /// Gives labels that `HardScores` rules out `paddingEnergy`, counted from the least energy. What
  /// is taken from all labels of a point changes no marginal.
  func settleHardEnergies() {
    for point in 0..<points {
      let row = row(point)
      let least = (0..<labels).reduce(Float.infinity) { min($0, row[$1]) }
      // Where every label is ruled out by a neighbour, the least of them by the farthest; and
      // energies that are all huge, of either sign.
      let origin = least.magnitude > HardScores.threshold ? least : 0
      for label in 0..<labels {
        row[label] =
          row[label] - least > HardScores.threshold
          ? EnergyField.paddingEnergy : row[label] - origin
      }
    }
  }

  /// Probabilities to energies: −log of `scale`·p + (1 − `scale`)/L, clipped to
  /// `minimumProbability`…1.
  func convertProbabilities(minimumProbability: Float, scale: Float) {
    let offset = (1 - scale) / Float(labels)
    for point in 0..<points {
      let row = row(point)
      for label in 0..<labels {
        let mixed = scale * row[label] + offset
        row[label] = -logf(
          mixed < 1 ? (mixed > minimumProbability ? mixed : minimumProbability) : 1)
      }
    }
  }

  /// Marginals to energies: −log Q, and `paddingEnergy` for labels of probability 0.
  func convertMarginals() {
    for point in 0..<points {
      let row = row(point)
      for label in 0..<labels {
        row[label] = row[label] > 0 ? -logf(row[label]) : EnergyField.paddingEnergy
      }
    }
  }

  /// θ/T, but for labels that are ruled out.
  func divideEnergies(by temperature: Float) {
    for point in 0..<points {
      let row = row(point)
      for label in 0..<labels where row[label] < EnergyField.paddingEnergy {
        row[label] /= temperature
      }
    }
  }

  /// Energies to probabilities: exp(−θ)/Z, the least energy subtracted first. The padding of rows
  /// becomes 0.
  func convertEnergies() { ck_convert_energies(base, points, stride, labels) }

  /// Adds `weight` times the logarithm of each value of the first row, at least `floor`, to `sums`.
  func addLogarithms(atLeast floor: Float, weight: Float, to sums: UnsafeMutablePointer<Float>) {
    for label in 0..<labels { sums[label] += weight * logf(max(base[label], floor)) }
  }

  /// Values of the other sign.
  func negate() {
    for point in 0..<points {
      let row = row(point)
      for label in 0..<labels { row[label] = -row[label] }
    }
  }

  /// Divides each row by its sum, which must be above 0.
  func normalize() {
    for point in 0..<points {
      let row = row(point)
      var sum: Float = 0
      for label in 0..<labels { sum += row[label] }
      for label in 0..<labels { row[label] /= sum }
    }
  }

  /// The larger of each value and that of `other` at the same place.
  func formMaximum(_ other: LabelRows) {
    assert(other.points == points && other.labels == labels)
    for point in 0..<points {
      let (row, otherRow) = (row(point), other.row(point))
      for label in 0..<labels where otherRow[label] > row[label] { row[label] = otherRow[label] }
    }
  }

  /// Writes `value` into the padding of every row.
  func fillPadding(with value: Float) {
    guard stride > labels else { return }
    for point in 0..<points {
      let row = row(point)
      for lane in labels..<stride { row[lane] = value }
    }
  }
}

extension ChannelField {
  /// Brings energies of any size into the range that sums of them can have: labels far above the
  /// least of their point get `EnergyField.paddingEnergy`, whose probability is 0. O(N·L).
  package mutating func settleHardEnergies() {
    LabelRows(base: mutableBase(), points: points, labels: channels, stride: stride)
      .settleHardEnergies()
  }
}

extension Parallelism {
  /// Points in a piece of work: enough to hide the cost of handing it out, few enough that its rows
  /// stay in the second-level cache.
  static let pointsPerPiece = 8192

  /// Calls `body` with the rows of `field`, a piece at a time, on several threads.
  ///
  /// - Parameter body: the number of the piece's first point, and its rows.
  func forEachPiece(of field: inout ChannelField, _ body: (Int, LabelRows) -> Void) {
    let rows = LabelRows(
      base: field.mutableBase(), points: field.points, labels: field.channels,
      stride: field.stride)
    forEachChunk(of: field.points, grain: Self.pointsPerPiece) { points in
      body(points.lowerBound, rows.rows(points))
    }
  }
}
