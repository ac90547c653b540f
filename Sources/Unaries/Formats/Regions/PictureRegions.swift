import Support

/// A PNG or JPEG image in RGB, read a region at a time.
///
/// The file is decoded once, from top to bottom. Interlaced PNG and progressive JPEG images can
/// only be decoded whole; they are, up to `largestWhole`.
final class PictureRegions: RegionSource {
  let grid: GridShape
  private let window: RowWindow<UInt8>

  /// Bytes that an image may take that can only be decoded whole.
  static let largestWhole = 1 << 30

  init(_ path: String) throws {
    let source = try FileSource(path)
    try source.checkIsFile()
    switch FileKind(prefix: source.peek(FileKind.prefixLength)) {
    case .png:
      let reader = try PNGReader(source)
      grid = reader.grid
      window = RowWindow(width: grid.width, channels: 3) { try reader.rgb(rows: $0) }
      if reader.header.is_interlaced { try Self.checkWhole(grid, 3, "interlaced PNG", path) }
    case .jpeg:
      let reader = try JPEGReader(source)
      grid = reader.grid
      window = RowWindow(width: grid.width, channels: 3) { try reader.rgb(rows: $0) }
      if reader.header.is_held_whole { try Self.checkWhole(grid, 6, "progressive JPEG", path) }
    case let other:
      throw EncodedImage.unsupported(other, name: path)
    }
  }

  func read(_ region: GridRegion) throws -> Image {
    try Image(grid: region.grid, channels: 3, pixels: .bytes(window.read(region)))
  }

  /// - Throws: `InputError` where an image that can only be decoded whole is too large for that.
  static func checkWhole(
    _ grid: GridShape, _ bytesPerPixel: Int, _ kind: String, _ path: String
  ) throws {
    guard grid.count <= largestWhole / bytesPerPixel else {
      throw InputError(
        .data, at: path,
        "is \(kind == "progressive JPEG" ? "a" : "an") \(kind) image of \(grid) pixels, which can "
          + "only be decoded whole", remedy: "save it as PNG without interlacing")
    }
  }
}
