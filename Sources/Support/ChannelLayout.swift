/// Where the axis of channels stands among those of an array: of labels in scores, of colours in an
/// image.
public enum ChannelLayout: String, Sendable, Hashable, CaseIterable {
  /// (C, H, W), as PyTorch, rasterio and pydensecrf have it; volumes are (C, D, H, W).
  case channelsFirst = "first"
  /// (H, W, C), as NumPy, OpenCV and TensorFlow have it; volumes are (D, H, W, C).
  case channelsLast = "last"
}

extension ChannelLayout {
  /// The other one.
  package var other: ChannelLayout { self == .channelsFirst ? .channelsLast : .channelsFirst }

  /// The axes by name, for messages: `(L,H,W)`.
  ///
  /// - Parameters:
  ///   - channel: the name of the axis of channels.
  ///   - rank: the number of the others.
  ///   - swapped: whether height and width stand in the wrong order.
  package func axes(_ channel: String, rank: Int, swapped: Bool = false) -> String {
    var grid =
      switch rank {
      case 1: ["N"]
      case 2: ["H", "W"]
      case 3: ["D", "H", "W"]
      default: (1...max(1, rank)).map { "X\($0)" }
      }
    if swapped { grid.reverse() }
    let names = self == .channelsFirst ? [channel] + grid : grid + [channel]
    return "(" + names.joined(separator: ",") + ")"
  }

  /// Parts the shape of an array into the number of channels and the extents of the grid.
  package func split(_ shape: [Int]) -> (channels: Int, extents: [Int]) {
    switch self {
    case .channelsFirst: (shape[0], Array(shape.dropFirst()))
    case .channelsLast: (shape[shape.count - 1], Array(shape.dropLast()))
    }
  }

  /// The shape of an array of so many channels over a grid.
  package func shape(_ channels: Int, over extents: [Int]) -> [Int] {
    self == .channelsFirst ? [channels] + extents : extents + [channels]
  }
}
