import LatticeSupport

extension Image {
  /// The order of the axes of an image in an array.
  public enum Layout: Sendable, Hashable, CaseIterable {
    /// (C, H, W), as PyTorch and rasterio have it; volumes are (C, D, H, W).
    case channelsFirst
    /// (H, W, C), as NumPy, OpenCV and TensorFlow have it; volumes are (D, H, W, C).
    case channelsLast

    /// The axes by name, `(C,H,W)`, for messages.
    package func axes(rank: Int) -> String {
      let grid = Self.gridAxes(rank: rank)
      return "(" + (self == .channelsFirst ? ["C"] + grid : grid + ["C"]).joined(separator: ",")
        + ")"
    }

    fileprivate static func gridAxes(rank: Int) -> [String] {
      switch rank {
      case 1: ["N"]
      case 2: ["H", "W"]
      case 3: ["D", "H", "W"]
      default: (0..<rank).map { "X\($0 + 1)" }
      }
    }
  }

  /// An image of any number of axes and channels from an array.
  ///
  /// Whole numbers from 0 to 255 throughout are kept in 8 bits, as those of photographs are;
  /// kernels see the same values either way.
  /// - Parameters:
  ///   - array: the values, every one finite; without an axis for channels where there is one
  ///     channel.
  ///   - rank: the number of axes of the grid: 2 for an image, 3 for a volume.
  ///   - layout: where the axis of channels stands.
  /// - Throws: `InputError` where the number of axes is neither `rank` nor `rank` + 1, or a value
  ///   is not finite.
  /// - Complexity: O(N·C).
  public init(_ array: NumericArray, rank: Int, layout: Layout = .channelsFirst) throws {
    let (extents, channels) = try Self.split(array.shape, rank: rank, layout: layout)
    let grid = try GridShape(extents)
    let isBytes = array.values.allSatisfy { UInt8(exactly: $0) != nil }
    // With one channel both orders are the same.
    let isTransposed = layout == .channelsFirst && channels > 1
    func rows<Value>(_ convert: (Float) -> Value) -> [Value] {
      guard isTransposed else { return array.values.map(convert) }
      return [Value](unsafeUninitializedCapacity: array.values.count) { output, count in
        for point in 0..<grid.count {
          for channel in 0..<channels {
            let value = convert(array.values[channel * grid.count + point])
            output.initializeElement(at: point * channels + channel, to: value)
          }
        }
        count = array.values.count
      }
    }
    try self.init(
      grid: grid, channels: channels,
      pixels: isBytes ? .bytes(rows { UInt8($0) }) : .floats(rows { $0 }))
  }

  /// The extents of the grid, and the number of channels, of an array of `shape`.
  ///
  /// - Throws: `InputError` where the number of axes does not fit.
  package static func split(
    _ shape: [Int], rank: Int, layout: Layout
  ) throws -> (extents: [Int], channels: Int) {
    if shape.count == rank { return (shape, 1) }
    guard shape.count == rank + 1 else {
      throw InputError(
        .data,
        "an image of shape \(shape) has \(shape.count) axes, but the scores lie on a grid of "
          + "\(rank): expected \(layout.axes(rank: rank)), or \(rank) axes for a single channel",
        remedy: shape.count == rank + 2 && shape[0] == 1
          ? "drop the batch axis: array[0]" : "give an image and scores of the same scene")
    }
    return layout == .channelsFirst
      ? (Array(shape.dropFirst()), shape[0]) : (Array(shape.dropLast()), shape[rank])
  }
}
