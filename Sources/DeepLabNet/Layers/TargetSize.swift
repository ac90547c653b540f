import LatticeSupport

/// The height and width that a layer gives to its output.
public enum TargetSize: Sendable, Hashable {
  /// These.
  case fixed(ConvolutionGeometry.Extent)
  /// Those of the layer's last input, of which nothing else is used.
  case ofLastInput
  /// The input's times a factor, rounded down: ⌊n·s⌋, as PyTorch does.
  case scaled(by: Double)

  /// The rows and columns; `last` is the shape of the layer's last input.
  func extent(for input: TensorShape, last: TensorShape) throws -> ConvolutionGeometry.Extent {
    switch self {
    case .fixed(let extent):
      return extent
    case .ofLastInput:
      return .init(rows: last.height, columns: last.width)
    case .scaled(let factor):
      let rows = Int(Double(input.height) * factor)
      let columns = Int(Double(input.width) * factor)
      guard rows >= 1, columns >= 1 else {
        throw InputError(
          .data, "\(factor) times an input of \(input.height) × \(input.width) leaves nothing",
          remedy: "use a larger image")
      }
      return .init(rows: rows, columns: columns)
    }
  }
}
