import Support
import Unaries

/// The image of a scene, a photograph or an array.
struct ImageReading {
  private let path: String
  private let layout: Image.Layout

  init(_ path: String, layout: Image.Layout) {
    self.path = path
    self.layout = layout
  }

  /// Reads the image.
  ///
  /// - Parameter rank: the number of axes that the scores lie on.
  /// - Parameter fits: whether the scores can be read on a grid; where they cannot, but could if the array's
  ///   channels stood elsewhere, the error says so.
  func read(rank: Int, fits: (GridShape) -> Bool) throws -> Image {
    let image = try ImageFile.read(path, rank: rank, layout: layout)
    guard !fits(image.grid), try ImageFile.isArray(path) else { return image }
    let shape = shape(of: image)
    let other: Image.Layout = layout == .channelsFirst ? .channelsLast : .channelsFirst
    guard let extents = try? Image.split(shape, rank: rank, layout: other).extents,
      let grid = try? GridShape(extents), fits(grid)
    else { return image }
    throw InputError(
      .data, at: path,
      "is an array of shape \(shape), which read as \(layout.axes(rank: rank)) does not fit the "
        + "scores",
      remedy: "looks like \(other.axes(rank: rank)): use --image-layout "
        + (other == .channelsFirst ? "chw" : "hwc"))
  }

  /// The shape of the array that `image` was.
  private func shape(of image: Image) -> [Int] {
    layout == .channelsFirst
      ? [image.channels] + image.grid.extents : image.grid.extents + [image.channels]
  }
}
