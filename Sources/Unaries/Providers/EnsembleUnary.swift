import LatticeSupport

/// Several unaries' probabilities, merged.
///
/// Each member's energies become probabilities exp(−θ)/Z; what these are merged to, p, becomes the
/// energy −log p, clipped.
public struct EnsembleUnary: Unary {
  /// How probabilities of several members become one.
  public enum Rule: String, Sendable, CaseIterable {
    /// Their weighted mean.
    case mean
    /// Their weighted geometric mean, normalised: the mean of their energies. One member can all
    /// but rule a label out; probabilities below 10⁻¹⁰ count as that.
    case geometricMean
    /// The largest for each label, normalised; weights do not matter.
    case maximum
  }

  private let members: [any Unary]
  private let rule: Rule
  private let weights: [Float]
  private let minimumProbability: Float
  private let parallelism: Parallelism

  /// - Parameters:
  ///   - members: at least one; all of L labels.
  ///   - rule: how probabilities are merged.
  ///   - weights: one per member, none negative, not all 0, of any sum; `nil` for equal ones.
  ///   - minimumProbability: smaller probabilities are raised to it before the logarithm; between
  ///     0 and 1.
  ///   - parallelism: the threads to use; members keep their own.
  /// - Throws: `InputError` where there is no member, members differ in their number of labels, or
  ///   the weights make no mean.
  public init(
    _ members: [any Unary], by rule: Rule = .mean, weights: [Float]? = nil,
    minimumProbability: Float = 1e-5, parallelism: Parallelism = .automatic
  ) throws {
    try ProbabilityChecks.check(minimumProbability: minimumProbability)
    guard let first = members.first else {
      throw InputError(.usage, "the ensemble has no members, but needs at least one")
    }
    for (index, member) in members.enumerated() where member.labelCount != first.labelCount {
      throw InputError(
        .data,
        "member \(index) has \(member.labelCount) labels, but member 0 has \(first.labelCount)",
        remedy: "all members must score the same labels")
    }
    self.members = members
    self.rule = rule
    self.weights = try Self.normalized(weights ?? members.map { _ in 1 }, count: members.count)
    self.minimumProbability = minimumProbability
    self.parallelism = parallelism
  }

  /// L.
  public var labelCount: Int { members[0].labelCount }

  /// The energies over `scene.grid`. The members are asked one after another, in order.
  ///
  /// - Throws: `InputError` where a member cannot score the scene, naming the member (from 0).
  /// - Complexity: O(N·L) a member, besides the members' own; memory for two fields of N × L.
  public func energies(for scene: Scene) throws -> EnergyField {
    var merged = ChannelField(points: scene.grid.count, channels: labelCount)
    for (index, member) in members.enumerated() {
      let energies = try energies(of: member, number: index, for: scene)
      add(energies, weight: weights[index], to: &merged)
    }
    parallelism.forEachPiece(of: &merged) { _, rows in
      switch rule {
      case .mean: break
      // Logarithms are energies with the other sign.
      case .geometricMean:
        rows.negate()
        rows.convertEnergies()
      case .maximum: rows.normalize()
      }
      rows.convertProbabilities(minimumProbability: minimumProbability, scale: 1)
      rows.fillPadding(with: EnergyField.paddingEnergy)
    }
    return EnergyField(unchecked: merged, grid: scene.grid)
  }

  private func energies(
    of member: any Unary, number: Int, for scene: Scene
  ) throws -> EnergyField {
    let energies: EnergyField
    do {
      energies = try member.energies(for: scene)
    } catch let error as InputError {
      throw error.within("member \(number)")
    }
    precondition(
      energies.grid == scene.grid && energies.labelCount == labelCount,
      "member \(number) gave \(energies.labelCount) labels on \(energies.grid), but owes "
        + "\(labelCount) on \(scene.grid)")
    return energies
  }

  /// Takes one member in: sums of probabilities, sums of their logarithms, or the largest so far.
  private func add(_ energies: EnergyField, weight: Float, to merged: inout ChannelField) {
    let (base, stride) = (energies.values.base, energies.values.stride)
    let labels = labelCount
    parallelism.forEachPiece(of: &merged) { first, rows in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: stride) { buffer in
        let scratch = LabelRows(
          base: buffer.baseAddress!, points: 1, labels: labels, stride: stride)
        for point in 0..<rows.points {
          scratch.base.update(from: base + (first + point) * stride, count: labels)
          scratch.convertEnergies()
          let row = rows.row(point)
          switch rule {
          case .mean:
            for label in 0..<labels { row[label] += weight * scratch.base[label] }
          case .geometricMean: scratch.addLogarithms(atLeast: 1e-10, weight: weight, to: row)
          case .maximum:
            for label in 0..<labels { row[label] = max(row[label], scratch.base[label]) }
          }
        }
      }
    }
  }

  /// The weights divided by their sum.
  private static func normalized(_ weights: [Float], count: Int) throws -> [Float] {
    guard weights.count == count else {
      throw InputError(
        .usage, "\(weights.count) weights are given for \(count) members of the ensemble",
        remedy: "give one weight a member")
    }
    if let index = weights.firstIndex(where: { !($0.isFinite && $0 >= 0) }) {
      throw InputError(
        .usage,
        "the weight of member \(index) is \(weights[index]), but must be finite and not negative")
    }
    let sum = weights.reduce(0.0) { $0 + Double($1) }
    guard sum > 0 else {
      throw InputError(.usage, "all weights of the ensemble are 0, but one must be positive")
    }
    return weights.map { Float(Double($0) / sum) }
  }
}
