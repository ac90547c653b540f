import LatticeSupport

extension Image {
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
  public init(_ array: NumericArray, rank: Int, layout: ChannelLayout = .channelsFirst) throws {
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
    _ shape: [Int], rank: Int, layout: ChannelLayout
  ) throws -> (extents: [Int], channels: Int) {
    if shape.count == rank { return (shape, 1) }
    guard shape.count == rank + 1 else {
      throw InputError(
        .data,
        "an image of shape \(shape) has \(shape.count) axes, but the scores lie on a grid of "
          + "\(rank): expected \(layout.axes("C", rank: rank)), or \(rank) axes for a single channel",
        remedy: shape.count == rank + 2 && shape[0] == 1
          ? "drop the batch axis: array[0]" : "give an image and scores of the same scene")
    }
    let (channels, extents) = layout.split(shape)
    return (extents, channels)
  }
}
