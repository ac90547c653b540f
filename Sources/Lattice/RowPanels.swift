import LatticeSupport

/// The rows of a factored filter, in panels: all rows of the first 16 channels, then all rows of
/// the next 16, and so on; the last panel is 16, 8 or 4 wide.
///
/// A row of a panel lies in one cache line, and a filter that works on one panel after the other
/// finds more rows in its caches than if whole rows passed by. A handle on memory: copies are the
/// same rows.
public struct RowPanels: Sendable {
  /// Rows of each panel.
  public let rowCount: Int
  /// Channels of all panels.
  public let stride: Int
  private var storage: AlignedBuffer<Float>

  /// Rows with unspecified contents, but for row 0, which is 0.
  ///
  /// - Parameters:
  ///   - rowCount: at least 1.
  ///   - stride: 4, or a multiple of 8, as `ChannelField.paddedStride(forChannels:)` gives it.
  public init(rowCount: Int, stride: Int) {
    precondition(
      rowCount >= 1 && stride > 0 && (stride == 4 || stride % 8 == 0),
      "\(rowCount) rows of stride \(stride)")
    self.rowCount = rowCount
    self.stride = stride
    storage = AlignedBuffer(uninitialized: rowCount * stride)
    forEach { panel in panel.base.update(repeating: 0, count: panel.width) }
  }

  /// Whether nobody else has a handle on the rows.
  package mutating func areUnshared() -> Bool { isKnownUniquelyReferenced(&storage) }

  /// All panels, one after the other.
  package var base: UnsafeMutablePointer<Float> { storage.base }

  /// One panel: `rowCount` × `width` floats.
  public struct Panel {
    /// Row 0; row r begins at `base + r * width`. Valid within the call that it was passed to.
    public let base: UnsafeMutablePointer<Float>
    /// The channel in the panel's first column.
    public let channel: Int
    /// Floats of a row: 16, 8 or 4.
    public let width: Int
  }

  /// Calls `body` for every panel, in the order of their channels.
  public func forEach(_ body: (Panel) throws -> Void) rethrows {
    for channel in Swift.stride(from: 0, to: stride, by: 16) {
      try body(
        Panel(
          base: storage.base + channel * rowCount, channel: channel,
          width: min(16, stride - channel)))
    }
  }

  /// Sets all rows to 0.
  public func clear() { storage.clear(0..<storage.count) }
}
