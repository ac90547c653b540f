import LatticeSupport
import Unaries

/// Rasters of remote sensing and microscopy: TIFF, BigTIFF and GeoTIFF.
///
/// Files are decoded by libtiff, which is loaded when the first is read; without it they are
/// refused, and can still be written.
public enum TIFF {
  /// Endings of such files.
  static let endings = ["tif", "tiff"]

  /// Whether the name of a file says that it is a TIFF image.
  package static func isNamed(_ path: String) -> Bool {
    endings.contains { path.lowercased().hasSuffix("." + $0) }
  }

  /// Reads a raster: its bands as channels, in the numbers of the file, and the pixels that count.
  ///
  /// Pixels of 1, 2 and 4 bits become 0…255, colours of a palette are looked up, and where low
  /// numbers are white they are inverted. Pixels that are left out (nodata, alpha, mask) are 0.
  /// - Parameters:
  ///   - path: the file.
  ///   - reading: how bands and pages are taken.
  /// - Returns: the image, which pixels count (`nil` for all), and where they lie.
  /// - Throws: `InputError` where the file cannot be read, is damaged, or is of a kind that cannot
  ///   be used; where libtiff is not installed.
  public static func read(
    _ path: String, as reading: RasterReading = RasterReading()
  ) throws -> (image: Image, mask: PointMask?, placement: Placement?) {
    let raster = try TIFFImageRegions(path, reading)
    let (image, mask) = try raster.readMasked(GridRegion(allOf: raster.grid))
    return (image, mask, raster.place)
  }

  /// The pages of a file; see `TIFFPages`.
  static func pages(_ source: FileSource, only page: Int? = nil) throws -> TIFFPages {
    do {
      return try TIFFPages(TIFFBytes(source), only: page)
    } catch let error as InputError {
      throw error.at(source.name)
    }
  }

  /// The one page that is meant of a file.
  ///
  /// - Parameter page: from 1; `nil` where nobody has said it, and there must be one only.
  /// - Throws: `InputError` where the file cannot be read, or it is not clear which page is meant.
  static func page(_ page: Int?, of path: String) throws -> (page: TIFFPage, mask: TIFFPage?) {
    let pages = try pages(FileSource(path), only: page.map { $0 - 1 } ?? 0)
    guard page != nil || !pages.hasMore else {
      throw InputError(
        .data, at: path, "has several pages, which may be bands, slices or pictures of their own",
        remedy: """
          name one with \(set: .chosen(.page)), or save them as the bands of one page
          """)
    }
    return (pages.full[0], pages.mask)
  }
}

/// How the bands of a raster are taken.
public struct RasterReading: Sendable, Hashable {
  /// Which page, from 1; `nil` where the file must have one only.
  public var page: Int?
  /// The bands that become channels, from 1, in order; `nil` for all that are not alpha.
  public var bands: [Int]?
  /// What a band that is tagged as alpha is taken for; `nil` for a mask in rasters, and nothing in
  /// photographs.
  public var alpha: AlphaRule?

  /// What a band that is tagged as alpha is taken for.
  public enum AlphaRule: String, Sendable, CaseIterable {
    /// Pixels where it is 0 are left out; it is not a channel.
    case mask
    /// A channel like the others, as near infrared often is tagged; of rasters alone.
    case band
    /// Nothing.
    case ignore
  }

  /// One page, all bands.
  public init() {}
}
