import LatticeSupport

/// What lies over a grid of two axes and is read a region at a time: an image, labels, energies.
///
/// Memory is bounded by the regions that are asked for (and a band of rows as high as they are),
/// not by the grid.
public protocol RegionSource<Part> {
  /// What lies over a region.
  associatedtype Part

  /// The whole grid.
  var grid: GridShape { get }

  /// What lies over `region`, just as reading the whole would give it.
  ///
  /// Regions must come in order: none may begin above one that was asked for before.
  /// - Throws: `InputError` where the region cannot be read; it says where the region lies.
  func read(_ region: GridRegion) throws -> Part
}

extension RegionSource {
  /// What `body` does with `region`; an error says where the region lies, since it counts from
  /// there.
  public func naming<Result>(_ region: GridRegion, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as InputError {
      guard region.rows.lowerBound > 0 || region.columns.lowerBound > 0 else { throw error }
      throw error.within(
        "from row \(region.rows.lowerBound), column \(region.columns.lowerBound) on")
    }
  }
}
