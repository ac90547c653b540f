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

extension PictureReading {
  /// - Throws: `InputError` naming the option that cannot be followed.
  package init(_ orientation: OrientationOptions, _ range: ImageRangeOptions) throws {
    self.init(orientation: orientation.rule, range: try range.range())
  }
}
