import LatticeSupport
import Unaries

/// The parts of the mean field objective at some marginals, summed in float64.
public struct MeanFieldEnergy: Sendable, Equatable {
  /// ΣQθ.
  public let unary: Double
  /// ΣₘΣQ·μₘ(KₘQ), every pair counted twice.
  public let pairwise: Double
  /// −ΣQ log Q.
  public let entropy: Double

  /// F = ΣQθ + ½ΣQ·μ(KQ) + ΣQ log Q: what the update descends; −log Z + KL(Q‖P).
  ///
  /// All points are updated at once, so it need not fall at every step.
  public var freeEnergy: Double { unary + 0.5 * pairwise - entropy }

  /// R = ΣQθ + ½ΣQ·μ(KQ): F without the entropy; of labels, their energy.
  public var relaxedEnergy: Double { unary + 0.5 * pairwise }

  /// pydensecrf's `klDivergence`: the pairwise term counts twice and log Z is left out, so it may
  /// be negative and its minimum is not where the update leads. For comparison with that program
  /// only.
  public var klDivergence: Double { unary + pairwise - entropy }
}

extension DenseCRF {
  /// The objective at `marginals`. One filtering of every term.
  public func energy(of marginals: Marginals) -> MeanFieldEnergy {
    let values = marginals.values
    precondition(
      values.points == unary.values.points && values.channels == labelCount,
      "marginals of \(values.points) × \(values.channels) in a CRF of "
        + "\(unary.values.points) × \(labelCount)")
    var pairwise = ChannelField(points: values.points, channels: values.channels)
    var scratch = MessageScratch(points: values.points, channels: values.channels)
    messages.add(of: values, to: &pairwise, scratch: &scratch)
    return energy(of: values, pairwise: pairwise)
  }

  /// E(x) = Σᵢ θᵢ(xᵢ) + ½ Σᵢⱼ μ(xᵢ, xⱼ)K'ᵢⱼ: what labelings are compared by. One filtering of
  /// every term.
  ///
  /// - Parameter labels: over the CRF's points, each below the number of labels.
  public func energy(of labels: LabelMap) -> Double {
    precondition(
      labels.grid == unary.grid, "labels over \(labels.grid) in a CRF over \(unary.grid)")
    var values = ChannelField(points: unary.values.points, channels: labelCount)
    let (base, stride) = (values.mutableBase(), values.stride)
    for (point, label) in labels.labels.enumerated() { base[point * stride + Int(label)] = 1 }
    return energy(of: Marginals(unchecked: values, grid: unary.grid)).relaxedEnergy
  }

  private func energy(of marginals: ChannelField, pairwise: ChannelField) -> MeanFieldEnergy {
    let chunks = (marginals.points + PairwiseMessages.grain - 1) / PairwiseMessages.grain
    let sums = AlignedBuffer<Double>(repeating: 0, count: 3 * chunks)
    parallelism.forEachChunk(of: marginals.points, grain: PairwiseMessages.grain) { points in
      var unarySum = 0.0
      var pairwiseSum = 0.0
      var entropy = 0.0
      for point in points {
        let row = point * marginals.stride
        for label in row..<row + marginals.channels {
          let q = Double(marginals.base[label])
          unarySum += q * Double(unary.values.base[label])
          pairwiseSum += q * Double(pairwise.base[label])
          entropy -= q * logarithm(max(q, 1e-20))
        }
      }
      let chunk = 3 * (points.lowerBound / PairwiseMessages.grain)
      sums.base[chunk] = unarySum
      sums.base[chunk + 1] = pairwiseSum
      sums.base[chunk + 2] = entropy
    }
    func total(_ part: Int) -> Double { (0..<chunks).reduce(0) { $0 + sums[3 * $1 + part] } }
    return MeanFieldEnergy(unary: total(0), pairwise: total(1), entropy: total(2))
  }
}
