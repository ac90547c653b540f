import LatticeSupport
import Unaries

/// Which pixels of a picture are not wholly transparent, read a region at a time, in order.
final class AlphaRegions {
  let grid: GridShape
  /// Red, green, blue and alpha.
  private let window: RowWindow<UInt8>

  private static let channels = 4

  /// - Returns: `nil` where all pixels are opaque, as in JPEG.
  /// - Throws: `InputError` where the file cannot be read or is damaged.
  init?(_ path: String) throws {
    let source = try FileSource(path)
    switch source.kind {
    case .png:
      let reader = try PNGReader(source, keepsTransparency: true)
      guard reader.header.has_transparency else { return nil }
      grid = reader.grid
      window = RowWindow(width: grid.width, channels: Self.channels) { try reader.rgba(rows: $0) }
    case .webp:
      let file = try EncodedImage(source)
      grid = try file.bytes.withUnsafeBytes { try WebP.grid(of: $0, name: path) }
      window = RowWindow(width: grid.width, channels: Self.channels) { _ in
        try file.bytes.withUnsafeBytes { try WebP.samples($0, name: path, hasAlpha: true) }
      }
    default: return nil
    }
  }

  /// The pixels that count in a region; `nil` for all.
  func mask(_ region: GridRegion) throws -> PointMask? {
    let pixels = try window.read(region)
    let counted = stride(from: Self.channels - 1, to: pixels.count, by: Self.channels)
      .map { pixels[$0] != 0 }
    return counted.contains(false) ? PointMask(unchecked: counted, grid: region.grid) : nil
  }
}
