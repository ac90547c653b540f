import LatticeSupport
import Unaries

/// A picture of labels over the image that they belong to: colours blended in, outlines drawn.
public struct Overlay: Sendable {
  /// The share of the label's colour in a pixel, 0…1.
  public let opacity: Float
  /// The colour of the outlines between labels; `nil` draws none.
  public let outline: Palette.Color?

  /// - Parameter opacity: the share of the label's colour, 0…1.
  /// - Parameter outline: the colour of outlines; `nil` draws none.
  public init(opacity: Float = 0.5, outline: Palette.Color? = Palette.Color(255, 255, 255)) {
    precondition((0...1).contains(opacity), "an opacity of \(opacity)")
    self.opacity = opacity
    self.outline = outline
  }

  /// The picture: 8-bit RGB.
  ///
  /// - Throws: `InputError` where the image is not a photograph (8 bits, gray or RGB) or has
  ///   another size than the labels.
  /// - Complexity: O(N).
  public func picture(of map: LabelMap, over image: Image, palette: Palette) throws -> Image {
    let values = try Self.values(of: image)
    guard map.grid == image.grid else {
      throw InputError(
        .data, "labels of \(map.grid) cannot be drawn over an image of \(image.grid)")
    }
    let rgb = [UInt8](unsafeUninitializedCapacity: 3 * map.grid.count) { output, count in
      for point in 0..<map.grid.count {
        let color = palette.color(of: map.labels[point])
        let isOutline = outline != nil && map.differsAhead(at: point)
        for (channel, part) in [color.red, color.green, color.blue].enumerated() {
          let below = Float(values[point * image.channels + min(channel, image.channels - 1)])
          let blended = below + opacity * (Float(part) - below)
          output[3 * point + channel] = UInt8(blended.rounded())
        }
        if isOutline, let outline {
          (output[3 * point], output[3 * point + 1], output[3 * point + 2]) =
            (outline.red, outline.green, outline.blue)
        }
      }
      count = 3 * map.grid.count
    }
    return try Image(grid: image.grid, channels: 3, pixels: .bytes(rgb))
  }

  /// Makes sure that labels can be drawn over `image`, before they are known.
  ///
  /// - Throws: `InputError` as `picture(of:over:palette:)` does.
  package static func check(_ image: Image) throws {
    _ = try values(of: image)
  }

  private static func values(of image: Image) throws -> [UInt8] {
    guard case .bytes(let values) = image.pixels, image.channels == 1 || image.channels == 3,
      image.grid.rank == 2
    else {
      let range =
        if case .bytes = image.pixels { "of 8 bits" } else { "of other numbers than 0…255" }
      throw InputError(
        .data,
        "labels are drawn over photographs of 8 bits, gray or RGB, but the image is "
          + "\(image.grid) with \(image.channels) channels \(range)",
        remedy: "leave the picture out, and draw over a gray or RGB version of the image")
    }
    return values
  }
}

extension LabelMap {
  /// Whether the pixel to the right of `point` or the one below has another label: lines one pixel
  /// wide.
  fileprivate func differsAhead(at point: Int) -> Bool {
    let width = grid.width
    let isLastColumn = point % width == width - 1
    if !isLastColumn, labels[point] != labels[point + 1] { return true }
    return point + width < grid.count && labels[point] != labels[point + width]
  }
}
