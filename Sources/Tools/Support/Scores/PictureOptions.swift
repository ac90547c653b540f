import ArgumentParser
import Formats
import LatticeSupport
import Unaries

/// Which way up photographs are taken.
package struct OrientationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Photographs that are not stored upright (EXIF orientation): apply turns them "
        + "upright, ignore takes them as they are stored. (default: the proportions of the scores "
        + "or labels tell; where they cannot, it is an error; networks alone see them upright)",
      valueName: "choice"))
  package var orientation: OrientationChoice?

  package init() {}

  package var rule: OrientationRule { orientation?.rule ?? .ask }
}

/// What `--orientation` can say.
package enum OrientationChoice: String, CaseIterable, ExpressibleByArgument {
  case apply, ignore

  package var rule: OrientationRule { self == .apply ? .apply : .ignore }
}

/// What the values of images stand for.
package struct ImageRangeOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The values of the image that become 0 and 255; others are scaled between them, and clipped: "
        + "0:4095 for 12 bits in a PNG of 16, 0:1 or -1:1 for arrays. (default: values stay; those of "
        + "a PNG of 16 bits are divided by 257)", valueName: "low:high"))
  package var imageRange: String?

  package init() {}

  /// The values that are named.
  ///
  /// - Throws: `InputError` where they are none.
  package func range() throws -> ClosedRange<Float>? {
    guard let text = imageRange else { return nil }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Float($0) }
    guard parts.count == 2, let low = parts[0], let high = parts[1], low < high,
      (high - low).isFinite
    else {
      throw InputError(
        .usage, at: "--image-range",
        "is '\(text)', but must be two numbers, the smaller first",
        remedy: "as in --image-range 0:4095")
    }
    return low...high
  }
}

/// How the bands and pages of rasters become channels.
package struct RasterOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Of a TIFF image: the bands that become channels, from 1 and in order, as in 4,3,2. (default: "
        + "all that are not alpha)", valueName: "bands"))
  package var imageBands: String?

  @Option(
    help: ArgumentHelp(
      "What a band tagged as alpha is. mask leaves pixels out where it is 0, band makes it a channel "
        + "(TIFF), ignore drops it. (default: mask for TIFF, ignore for PNG and WebP)",
      valueName: "rule"))
  package var alpha: RasterReading.AlphaRule?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Of a TIFF image of several pages: which, from 1.", valueName: "n"))
  package var page: Int?

  package init() {}

  /// - Throws: `InputError` naming the option that cannot be followed.
  package func reading() throws -> RasterReading {
    var reading = RasterReading()
    reading.alpha = alpha
    if let page, page < 1 {
      throw InputError(
        .usage, at: "--page", "is \(page), but pages count from 1", remedy: "as in --page 1")
    }
    reading.page = page
    reading.bands = try imageBands.map { text in
      let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      let bands = parts.compactMap { $0 }.filter { $0 >= 1 }
      guard bands.count == parts.count else {
        throw InputError(
          .usage, at: "--image-bands", "is '\(text)', but must be numbers of bands, from 1",
          remedy: "as in --image-bands 4,3,2")
      }
      return bands
    }
    return reading
  }
}

extension RasterReading.AlphaRule: ExpressibleByArgument {}

/// Which points are left out, and where images and scores lie.
package struct PlaceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A file of numbers over the image, 0 where points are left out: they are no points of the CRF "
        + "and get no label (.png, .tif, .nii.gz, .npy).", valueName: "file"))
  package var mask: String?

  @Flag(help: "Points that only the scores lack (nodata) are filled, and not left out.")
  package var fillNodata = false

  @Flag(help: "Take an image and scores together that lie in different places by what they say.")
  package var ignorePlacement = false

  package init() {}
}

extension PictureReading {
  /// - Throws: `InputError` naming the option that cannot be followed.
  package init(_ orientation: OrientationOptions, _ range: ImageRangeOptions) throws {
    self.init(orientation: orientation.rule, range: try range.range())
  }
}
