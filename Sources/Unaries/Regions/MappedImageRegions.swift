/// An image that is changed pixel by pixel as it is read.
package final class MappedImageRegions: RegionSource {
  private let base: any RegionSource<Image>
  private let change: (Image) -> Image

  /// - Parameter change: keeps the grid.
  package init(_ base: any RegionSource<Image>, _ change: @escaping (Image) -> Image) {
    self.base = base
    self.change = change
  }

  package var grid: GridShape { base.grid }

  package func read(_ region: GridRegion) throws -> Image { change(try base.read(region)) }
}
