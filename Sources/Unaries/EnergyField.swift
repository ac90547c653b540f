import LatticeSupport

/// Unary energies θᵢ(l) = −log P(xᵢ = l): N points × L labels over a grid.
///
/// The energies are relative: a constant added to all labels of a point changes no marginal.
public struct EnergyField: Sendable {
  /// The grid of points.
  public let grid: GridShape
  /// N × L energies; finite, `paddingEnergy` for labels that are ruled out. The padding of each row
  /// holds that too.
  public let values: ChannelField

  /// L, the number of labels.
  public var labelCount: Int { values.channels }

  /// The energy of labels that do not exist: their probability is 0, and it stays finite in sums.
  package static let paddingEnergy: Float = 1e30

  /// Energies of +∞ rule their labels out.
  ///
  /// - Throws: `InputError` where `values` has another number of points than `grid`, an energy is
  ///   NaN or −∞, or all labels of a point are ruled out.
  public init(grid: GridShape, values: ChannelField) throws {
    guard values.points == grid.count else {
      throw InputError(
        .data, "energies of \(values.points) points do not fit a grid of \(grid) points")
    }
    var padded = values
    let base = padded.mutableBase()
    for point in 0..<values.points {
      let row = base + point * values.stride
      var ruledOut = 0
      for label in 0..<values.channels where !row[label].isFinite {
        ruledOut += 1
        try Self.check(
          row[label], of: label, at: "point \(point)", isLast: ruledOut == values.channels)
        row[label] = Self.paddingEnergy
      }
      for label in values.channels..<values.stride { row[label] = Self.paddingEnergy }
    }
    self.grid = grid
    self.values = padded
  }

  /// An energy that is not finite.
  ///
  /// - Parameter isLast: whether all other labels of the point are ruled out already.
  private static func check(
    _ energy: Float, of label: Int, at place: @autoclosure () -> String, isLast: Bool
  ) throws {
    guard energy == .infinity else {
      throw InputError(
        .data, "the energy of label \(label) at \(place()) is \(energy)",
        remedy: "energies must be finite, or inf for labels that are ruled out")
    }
    guard !isLast else {
      throw InputError(
        .data, "the energies of all labels at \(place()) are inf, which rules out every label",
        remedy: "leave at least one label possible at every point")
    }
  }

  /// Energies as files and pydensecrf hold them: `planes[l * N + i]`; those of +∞ rule their labels
  /// out.
  ///
  /// - Throws: `InputError` where their number does not fit, one is NaN or −∞, or all labels of a
  ///   point are ruled out.
  public init(
    grid: GridShape, labelCount: Int, planes: [Float], parallelism: Parallelism = .automatic
  ) throws {
    guard labelCount >= 1, planes.count == grid.count * labelCount else {
      throw InputError(
        .data,
        "\(labelCount) labels on a grid of \(grid) need \(grid.count * max(0, labelCount)) "
          + "energies, but \(planes.count) are given")
    }
    let finite =
      planes.areFinite(parallelism: parallelism)
      ? planes : try Self.replacingInfinities(planes, grid: grid, labelCount: labelCount)
    self.init(
      unchecked: ChannelField(
        points: grid.count, channels: labelCount, planes: finite, padding: Self.paddingEnergy,
        parallelism: parallelism), grid: grid)
  }

  private static func replacingInfinities(
    _ planes: [Float], grid: GridShape, labelCount: Int
  ) throws -> [Float] {
    var ruledOut = [Int](repeating: 0, count: grid.count)
    return try planes.enumerated().map { index, energy in
      guard !energy.isFinite else { return energy }
      let point = index % grid.count
      ruledOut[point] += 1
      try check(
        energy, of: index / grid.count, at: grid.position(of: point),
        isLast: ruledOut[point] == labelCount)
      return paddingEnergy
    }
  }
}
