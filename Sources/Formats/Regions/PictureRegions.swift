import LatticeSupport
import Unaries

/// A PNG, JPEG or WebP image in RGB, its rows as they are stored, read a region at a time.
///
/// The file is decoded once, from top to bottom. Interlaced PNG and progressive JPEG images can
/// only be decoded whole, as all of WebP; they are, up to `largestWhole`.
package final class PictureRegions: RegionSource {
  package let grid: GridShape
  /// How the picture lies in the file.
  let orientation: PictureOrientation
  /// The numbers of the file that one of the image's 256 levels spans; see `StoredPicture`.
  let unit: Float
  fileprivate let name: String
  private let part: (GridRegion) throws -> Image.Pixels

  /// Bytes that an image may take that can only be decoded whole.
  static let largestWhole = 1 << 30

  /// - Parameter source: of which nothing has been read yet.
  /// - Throws: `InputError` where it is not a picture in an ordinary file, or is damaged.
  init(_ source: FileSource) throws {
    try source.checkIsFile()
    name = source.name
    orientation = EXIF.orientation(of: source.kind, in: source.scattered)
    switch source.kind {
    case .png:
      let reader = try PNGReader(source)
      grid = reader.grid
      unit = reader.unit
      part = Self.parts(of: reader)
      if reader.header.is_interlaced {
        try Self.checkWhole(grid, reader.isDeep ? 6 : 3, "interlaced PNG", name)
      }
    case .jpeg:
      let reader = try JPEGReader(source)
      grid = reader.grid
      unit = 1
      let window = RowWindow(width: grid.width, channels: 3) { try reader.rgb(rows: $0) }
      part = { .bytes(try window.read($0)) }
      if reader.header.is_held_whole { try Self.checkWhole(grid, 6, "progressive JPEG", name) }
    case .webp:
      let file = try EncodedImage(source)
      grid = try file.bytes.withUnsafeBytes { try WebP.grid(of: $0, name: file.name) }
      unit = 1
      try Self.checkWhole(grid, 3, "WebP", name)
      let window = RowWindow(width: grid.width, channels: 3) { _ in
        try file.bytes.withUnsafeBytes { try WebP.samples($0, name: file.name) }
      }
      part = { .bytes(try window.read($0)) }
    case let other:
      throw EncodedImage.unsupported(other, name: name)
    }
  }

  package func read(_ region: GridRegion) throws -> Image {
    try Image(unchecked: part(region), grid: region.grid, channels: 3)
  }

  private static func parts(of reader: PNGReader) -> (GridRegion) throws -> Image.Pixels {
    guard reader.isDeep else {
      let window = RowWindow(width: reader.width, channels: 3) { try reader.rgb(rows: $0) }
      return { .bytes(try window.read($0)) }
    }
    let window = RowWindow(width: reader.width, channels: 3) { try reader.deepRGB(rows: $0) }
    return { .levels(of: try window.read($0)) }
  }

  /// - Throws: `InputError` where an image that can only be decoded whole is too large for that.
  static func checkWhole(
    _ grid: GridShape, _ bytesPerPixel: Int, _ kind: String, _ path: String
  ) throws {
    guard grid.count <= largestWhole / bytesPerPixel else {
      throw InputError(
        .data, at: path,
        "is \(kind == "interlaced PNG" ? "an" : "a") \(kind) image of \(grid) pixels, which can "
          + "only be decoded whole", remedy: "save it as PNG without interlacing")
    }
  }
}

/// A PNG or JPEG image that is turned upright: its first row may be the file's last column, so it
/// is held whole.
final class TurnedPicture: RegionSource {
  let grid: GridShape
  private let image: Image

  /// - Parameter picture: as it is stored, of which nothing has been read yet.
  /// - Throws: `InputError` where it is too large to be held whole, or is damaged.
  init(_ picture: PictureRegions) throws {
    // The picture as it is stored and as it is turned, in bytes or in floats.
    let bytesPerPixel = 2 * 3 * (picture.unit == 1 ? 1 : MemoryLayout<Float>.size)
    guard picture.grid.count <= PictureRegions.largestWhole / bytesPerPixel else {
      throw InputError(
        .data, at: picture.name,
        "has \(picture.grid) pixels and is not stored upright, which can only be mended with "
          + "all of it in memory", remedy: "turn it upright with an image program first")
    }
    image = try picture.read(GridRegion(allOf: picture.grid)).upright(from: picture.orientation)
    grid = image.grid
  }

  func read(_ region: GridRegion) throws -> Image {
    let whole = GridRegion(allOf: grid)
    let pixels: Image.Pixels =
      switch image.pixels {
      case .bytes(let values): .bytes(whole.cut(region, from: values, channels: 3))
      case .floats(let values): .floats(whole.cut(region, from: values, channels: 3))
      }
    return Image(unchecked: pixels, grid: region.grid, channels: 3)
  }
}
