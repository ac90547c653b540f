import LatticeSupport

/// Float32 values on a grid of positions, channels-last (N·H·W·C), without gaps.
///
/// A value: copies share memory until one of them is written to through the public interface.
public struct Tensor: Sendable {
  /// The sizes.
  public let shape: TensorShape

  package private(set) var storage: AlignedBuffer<Float>

  /// Zeros.
  public init(zeros shape: TensorShape) {
    self.init(shape, storage: AlignedBuffer(zeros: shape.count))
  }

  /// A tensor of the given values in memory order: batch, row, column, channel.
  public init(_ shape: TensorShape, values: [Float]) {
    precondition(
      values.count == shape.count, "\(shape) needs \(shape.count) values, \(values.count) given")
    self.init(shape, storage: AlignedBuffer(copying: values))
  }

  /// A tensor with unspecified contents.
  package init(uninitialized shape: TensorShape) {
    self.init(shape, storage: AlignedBuffer(uninitialized: shape.count))
  }

  /// A tensor over memory that others may share, such as a part of an inference plan's.
  package init(_ shape: TensorShape, storage: AlignedBuffer<Float>) {
    precondition(storage.count >= shape.count, "\(shape) in memory for \(storage.count) values")
    self.shape = shape
    self.storage = storage
  }

  /// The memory itself. What is written through it shows in every copy of the tensor.
  package var base: UnsafeMutablePointer<Float> { storage.base }

  /// Whether no other tensor shares the memory, so that it may be overwritten.
  mutating func isUnique() -> Bool { isKnownUniquelyReferenced(&storage) }

  /// One value. O(1); a write copies the tensor first if it is shared.
  public subscript(batch: Int, row: Int, column: Int, channel: Int) -> Float {
    get { storage.base[offset(batch, row, column, channel)] }
    set {
      let offset = offset(batch, row, column, channel)
      if !isKnownUniquelyReferenced(&storage) { storage = AlignedBuffer(copying: storage) }
      storage.base[offset] = newValue
    }
  }

  private func offset(_ batch: Int, _ row: Int, _ column: Int, _ channel: Int) -> Int {
    precondition(
      batch >= 0 && batch < shape.batch && row >= 0 && row < shape.height && column >= 0
        && column < shape.width && channel >= 0 && channel < shape.channels,
      "(\(batch), \(row), \(column), \(channel)) outside \(shape)")
    return ((batch * shape.height + row) * shape.width + column) * shape.channels + channel
  }

  /// All values in memory order: batch, row, column, channel. O(count).
  public func values() -> [Float] {
    [Float](UnsafeBufferPointer(start: storage.base, count: shape.count))
  }
}
