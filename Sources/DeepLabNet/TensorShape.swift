/// The sizes of a tensor: batch × height × width × channels, in this order in memory.
public struct TensorShape: Sendable, Hashable {
  /// Images in the tensor; at least 1.
  public let batch: Int
  /// Rows; at least 1.
  public let height: Int
  /// Columns; at least 1.
  public let width: Int
  /// Values at a position; at least 1.
  public let channels: Int

  /// All sizes are at least 1.
  public init(batch: Int = 1, height: Int, width: Int, channels: Int) {
    precondition(
      batch >= 1 && height >= 1 && width >= 1 && channels >= 1,
      "a tensor of \(batch) × \(height) × \(width) × \(channels)")
    self.batch = batch
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// Positions in all images: batch × height × width.
  public var positions: Int { batch * height * width }

  /// All values.
  public var count: Int { positions * channels }

  /// The same positions with another number of channels.
  public func with(channels: Int) -> TensorShape {
    TensorShape(batch: batch, height: height, width: width, channels: channels)
  }

  /// The same images and channels on another grid.
  public func with(height: Int, width: Int) -> TensorShape {
    TensorShape(batch: batch, height: height, width: width, channels: channels)
  }
}

extension TensorShape: CustomStringConvertible {
  /// `height × width × channels`, with the batch before it where there is more than one image.
  public var description: String {
    (batch == 1 ? "" : "\(batch) × ") + "\(height) × \(width) × \(channels)"
  }
}
