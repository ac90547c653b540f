import Support

/// A label map as a picture holds it: numbers, or colours that stand for them.
public struct LabelPicture: Sendable {
  /// One entry a pixel, row by row.
  public enum Pixels: Sendable {
    /// Palette indices or gray values, which are the labels.
    case indices([UInt16])
    /// Red, green, blue: a palette says which label each colour is.
    case colors([UInt8])
  }

  /// The file, for messages.
  private let name: String
  /// The pixels' grid.
  public let grid: GridShape
  /// What the file says about each pixel.
  public let pixels: Pixels

  init(name: String, grid: GridShape, pixels: Pixels) {
    self.name = name
    self.grid = grid
    self.pixels = pixels
  }

  /// The labels; `palette` translates colours and is not used where the picture holds numbers.
  ///
  /// - Throws: `InputError` where the picture holds colours and there is no palette, or a colour is
  ///   not in it.
  public func labels(using palette: Palette? = nil) throws -> LabelMap {
    switch pixels {
    case .indices(let indices):
      return try LabelMap(grid: grid, labels: indices)
    case .colors(let rgb):
      guard let palette else {
        throw InputError(
          .data, at: name, "shows labels as colours, and no palette says which is which",
          remedy: "name a palette (\(Palette.knownNames)) or give a palette file")
      }
      do {
        return try LabelMap(grid: grid, labels: palette.labels(ofPixels: rgb, width: grid.width))
      } catch let error as InputError {
        throw error.at(name)
      }
    }
  }
}
