import LatticeSupport

/// An image that is an array of any channels, read a region at a time.
package final class ArrayImageRegions: RegionSource {
  package let grid: GridShape
  private let boxes: any BoxSource
  private let layout: ChannelLayout
  private let hasChannelAxis: Bool

  /// - Throws: `InputError` where the array's axes are not those of an image.
  package init(_ boxes: any BoxSource, layout: ChannelLayout) throws {
    self.boxes = boxes
    self.layout = layout
    grid = try GridShape(Image.split(boxes.shape, rank: 2, layout: layout).extents)
    hasChannelAxis = boxes.shape.count == 3
  }

  package func read(_ region: GridRegion) throws -> Image {
    var box = [region.rows, region.columns]
    if hasChannelAxis {
      let axis = layout == .channelsFirst ? 0 : 2
      box.insert(0..<boxes.shape[axis], at: axis)
    }
    return try naming(region) { try Image(boxes.read(box), rank: 2, layout: layout) }
  }
}
