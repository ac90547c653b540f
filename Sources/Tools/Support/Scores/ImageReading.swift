import Support
import Unaries

/// The image of a scene, a photograph or an array.
package struct ImageReading {
  private let path: String
  private let layout: Image.Layout

  package init(_ path: String, layout: Image.Layout) {
    self.path = path
    self.layout = layout
  }

  /// Reads the image.
  ///
  /// - Parameter rank: the number of axes that the scores lie on.
  /// - Parameter fits: whether the scores can be read on a grid; where they cannot, but could if
  ///   the array's channels stood elsewhere, the error says so.
  /// - Parameter picture: the image, where `picture()` has read it before.
  package func read(rank: Int, picture: Image? = nil, fits: (GridShape) -> Bool) throws -> Image {
    let image = try picture ?? ImageFile.read(path, rank: rank, layout: layout)
    try check(image.grid, channels: image.channels, fits: fits)
    return image
  }

  /// The image, where it is a picture and nothing is wrong with it: to be read while the scores
  /// are.
  package func picture() -> Image? { ImageFile.picture(path) }

  /// The grid that the image has where it is read with so many axes; `nil` where it has others, or
  /// cannot be read, of which `read` tells the cause.
  ///
  /// - Parameter picture: the image, where `picture()` has read it before.
  package func grids(picture: Image?) -> (_ rank: Int) -> GridShape? {
    if let picture { return { picture.grid.rank == $0 ? picture.grid : nil } }
    let isArray = (try? ImageFile.isArray(path)) == true
    let shape = isArray ? try? ArrayFile.boxes(path).shape : nil
    let layout = layout
    return { rank in
      shape.flatMap { try? Image.split($0, rank: rank, layout: layout).extents }
        .flatMap { try? GridShape($0) }
    }
  }

  /// The same image over a grid of two axes, to be read a region at a time, and a first look at it.
  package func regions(fits: (GridShape) -> Bool) throws -> (any RegionSource<Image>, corner: Image)
  {
    let regions = try ImageFile.regions(path, layout: layout)
    let corner = try regions.read(GridRegion(rows: 0..<1, columns: 0..<1))
    try check(regions.grid, channels: corner.channels, fits: fits)
    return (regions, corner)
  }

  /// - Throws: `InputError` where the scores would fit if the channels of an array stood elsewhere.
  private func check(_ grid: GridShape, channels: Int, fits: (GridShape) -> Bool) throws {
    guard !fits(grid), try ImageFile.isArray(path) else { return }
    let shape =
      layout == .channelsFirst ? [channels] + grid.extents : grid.extents + [channels]
    let other: Image.Layout = layout == .channelsFirst ? .channelsLast : .channelsFirst
    guard
      let extents = try? Image.split(shape, rank: grid.rank, layout: other).extents,
      let otherGrid = try? GridShape(extents), fits(otherGrid)
    else { return }
    throw InputError(
      .data, at: path,
      "is an array of shape \(shape), which read as \(layout.axes(rank: grid.rank)) does not fit "
        + "the scores",
      remedy: "looks like \(other.axes(rank: grid.rank)): use --image-layout "
        + (other == .channelsFirst ? "chw" : "hwc"))
  }
}
