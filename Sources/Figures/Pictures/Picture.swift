import Formats
import LatticeSupport
import Unaries

/// Pixels in 8 bits each of red, green and blue, as drawings have them.
public struct Picture: Sendable {
  /// Pixels to the right.
  public let width: Int
  /// Pixels downwards.
  public let height: Int
  /// `rgb[(y * width + x) * 3 + c]`.
  public let rgb: [UInt8]

  /// A picture by its pixels.
  public init(width: Int, height: Int, rgb: [UInt8]) {
    precondition(
      width >= 1 && height >= 1 && rgb.count == 3 * width * height,
      "\(rgb.count) values for a picture of \(width)×\(height)")
    (self.width, self.height, self.rgb) = (width, height, rgb)
  }

  /// The pixels of an image; numbers beyond 8 bits are spread over all shades between their least
  /// and greatest, and of more than three channels the first three are shown.
  ///
  /// - Throws: `InputError` where the image has another number of axes than two.
  public init(_ image: Image) throws {
    try Self.check(image.grid)
    let shown = (0..<3).map { min($0, image.channels == 2 ? 0 : image.channels - 1) }
    let count = image.grid.count
    let rgb: [UInt8]
    switch image.pixels {
    case .bytes(let values):
      rgb = (0..<3 * count).map { values[$0 / 3 * image.channels + shown[$0 % 3]] }
    case .floats(let values):
      let (least, most) = (values.min() ?? 0, values.max() ?? 0)
      let factor = most > least ? 255 / (most - least) : 0
      rgb = (0..<3 * count).map {
        UInt8(((values[$0 / 3 * image.channels + shown[$0 % 3]] - least) * factor).rounded())
      }
    }
    self.init(width: image.grid.width, height: count / image.grid.width, rgb: rgb)
  }

  /// A colour for each point.
  ///
  /// - Throws: `InputError` where the grid has another number of axes than two.
  public init(of grid: GridShape, color: (Int) -> Color) throws {
    try Self.check(grid)
    var rgb: [UInt8] = []
    rgb.reserveCapacity(3 * grid.count)
    for point in 0..<grid.count {
      let color = color(point)
      for part in [color.red, color.green, color.blue] {
        rgb.append(UInt8((255 * min(1, max(0, part))).rounded()))
      }
    }
    self.init(width: grid.width, height: grid.count / grid.width, rgb: rgb)
  }

  /// The colours of labels.
  ///
  /// - Throws: `InputError` where the map has another number of axes than two.
  public init(_ labels: LabelMap, _ palette: Palette) throws {
    try Self.check(labels.grid)
    let rgb = labels.labels.flatMap { label -> [UInt8] in
      let color = palette.color(of: label)
      return [color.red, color.green, color.blue]
    }
    self.init(width: labels.grid.width, height: labels.grid.count / labels.grid.width, rgb: rgb)
  }

  private static func check(_ grid: GridShape) throws {
    guard grid.rank == 2 else {
      throw InputError(
        .data, "figures show images of two axes, but this is \(grid)",
        remedy: "leave the figure out, or take a slice of the volume")
    }
  }

  /// The picture made smaller by a whole factor, so that neither side is above `most`: each pixel
  /// the mean of those that it stands for.
  public func reduced(to most: Int) -> Picture {
    let factor = (max(width, height) + most - 1) / max(1, most)
    guard factor > 1 else { return self }
    let (columns, rows) = (max(1, width / factor), max(1, height / factor))
    var small = [UInt8](repeating: 0, count: 3 * columns * rows)
    for row in 0..<rows {
      for column in 0..<columns {
        let (top, left) = (row * factor, column * factor)
        let (bottom, right) = (min(height, top + factor), min(width, left + factor))
        for channel in 0..<3 {
          var sum = 0
          for y in top..<bottom {
            for x in left..<right { sum += Int(rgb[3 * (y * width + x) + channel]) }
          }
          let count = (bottom - top) * (right - left)
          small[3 * (row * columns + column) + channel] = UInt8((sum + count / 2) / count)
        }
      }
    }
    return Picture(width: columns, height: rows, rgb: small)
  }

  /// The picture as an image, to be written by itself.
  public var image: Image {
    Image(
      unchecked: .bytes(rgb), grid: GridShape(width: width, height: height), channels: 3)
  }
}
