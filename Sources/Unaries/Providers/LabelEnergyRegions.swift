import LatticeSupport

/// Energies from labels, made a region at a time: those of `LabelUnary`.
package final class LabelEnergyRegions: RegionSource {
  private let labels: any RegionSource<LabelMap>
  private let makeUnary: (LabelMap) throws -> LabelUnary

  /// - Parameter makeUnary: gives the labels of a region their energies.
  package init(
    _ labels: any RegionSource<LabelMap>, makeUnary: @escaping (LabelMap) throws -> LabelUnary
  ) {
    self.labels = labels
    self.makeUnary = makeUnary
  }

  package var grid: GridShape { labels.grid }

  package func read(_ region: GridRegion) throws -> EnergyField {
    let part = try labels.read(region)
    return try naming(region) { try makeUnary(part).energies(for: Scene(grid: part.grid)) }
  }
}
