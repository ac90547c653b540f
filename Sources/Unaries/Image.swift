import LatticeSupport

/// What lies over a grid: a photograph, a volume, a multispectral scene.
///
/// Any number of channels and axes. Photographs of 8 bits are kept so, everything else in float32.
public struct Image: Sendable {
  /// The values, channels-last: `values[i * channels + c]` is channel c of point i.
  public enum Pixels: Sendable {
    /// 0…255, as photographs have them.
    case bytes([UInt8])
    /// Any finite numbers.
    case floats([Float])
  }

  /// The grid of points.
  public let grid: GridShape
  /// Values a point: 3 for RGB.
  public let channels: Int
  /// N × channels values.
  public let pixels: Pixels

  /// - Throws: `InputError` where the number of values is not N × `channels`, or one is not finite.
  public init(grid: GridShape, channels: Int, pixels: Pixels) throws {
    let count =
      switch pixels {
      case .bytes(let values): values.count
      case .floats(let values): values.count
      }
    guard channels >= 1, count == grid.count * channels else {
      throw InputError(
        .data,
        "an image of \(grid) with \(channels) channels needs \(grid.count * channels) values, "
          + "but \(count) are given")
    }
    if case .floats(let values) = pixels, let index = values.firstIndex(where: { !$0.isFinite }) {
      throw InputError(
        .data, "point \(index / channels), channel \(index % channels) is \(values[index])",
        remedy: "replace values that are not finite before filtering")
    }
    self.grid = grid
    self.channels = channels
    self.pixels = pixels
  }

  /// Takes `pixels`, as many as `grid` and `channels` need and all finite, as they are.
  package init(unchecked pixels: Pixels, grid: GridShape, channels: Int) {
    self.grid = grid
    self.channels = channels
    self.pixels = pixels
  }

  /// A photograph: `rgb[(y * width + x) * 3 + c]`.
  public init(width: Int, height: Int, rgb: [UInt8]) throws {
    try self.init(
      grid: GridShape([height, width]), channels: 3, pixels: .bytes(rgb))
  }

  /// Channel `channel` of point `point`. O(1).
  public subscript(point: Int, channel: Int) -> Float {
    let index = point * channels + channel
    return switch pixels {
    case .bytes(let values): Float(values[index])
    case .floats(let values): values[index]
    }
  }
}
