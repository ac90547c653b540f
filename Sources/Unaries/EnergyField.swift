import Support

/// Unary energies θᵢ(l) = −log P(xᵢ = l): N points × L labels over a grid.
///
/// The energies are relative: a constant added to all labels of a point changes no marginal.
public struct EnergyField: Sendable {
  /// The grid of points.
  public let grid: GridShape
  /// N × L energies; finite. The padding of each row holds `paddingEnergy`.
  public let values: ChannelField

  /// L, the number of labels.
  public var labelCount: Int { values.channels }

  /// The energy of labels that do not exist: their probability is 0, and it stays finite in sums.
  package static let paddingEnergy: Float = 1e30

  /// - Throws: `InputError` where `values` has another number of points than `grid`, or an energy
  ///   is not finite.
  public init(grid: GridShape, values: ChannelField) throws {
    guard values.points == grid.count else {
      throw InputError(
        .data, "energies of \(values.points) points do not fit a grid of \(grid) points")
    }
    var padded = values
    let base = padded.mutableBase()
    for point in 0..<values.points {
      let row = base + point * values.stride
      for label in 0..<values.channels where !row[label].isFinite {
        throw InputError(
          .data, "the energy of label \(label) at point \(point) is \(row[label])",
          remedy: "energies must be finite; clip probabilities before taking logarithms")
      }
      for label in values.channels..<values.stride { row[label] = Self.paddingEnergy }
    }
    self.grid = grid
    self.values = padded
  }

  /// Energies as files and pydensecrf hold them: `planes[l * N + i]`.
  ///
  /// - Throws: `InputError` where their number does not fit, or one is not finite.
  public init(
    grid: GridShape, labelCount: Int, planes: [Float], parallelism: Parallelism = .automatic
  ) throws {
    guard labelCount >= 1, planes.count == grid.count * labelCount else {
      throw InputError(
        .data,
        "\(labelCount) labels on a grid of \(grid) need \(grid.count * max(0, labelCount)) "
          + "energies, but \(planes.count) are given")
    }
    guard planes.areFinite(parallelism: parallelism) else {
      let index = planes.firstIndex { !$0.isFinite } ?? 0
      throw InputError(
        .data,
        "the energy of label \(index / grid.count) at \(grid.position(of: index % grid.count)) is "
          + "\(planes[index])",
        remedy: "energies must be finite; clip probabilities before taking logarithms")
    }
    self.init(
      unchecked: ChannelField(
        points: grid.count, channels: labelCount, planes: planes, padding: Self.paddingEnergy,
        parallelism: parallelism), grid: grid)
  }
}
