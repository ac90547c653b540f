import CKernels
import LatticeSupport

/// How the window of a pool moves over a map, and how its last position is found.
public struct PoolingGeometry: Sendable, Hashable {
  /// What becomes of a window that the map does not fill.
  public enum Rounding: Sendable, Hashable {
    /// It is left out: PyTorch's default.
    case floor
    /// It is kept if it starts within the map or the padding before it: Caffe's rule.
    case ceiling
  }

  /// Taps of the window.
  public let kernelSize: ConvolutionGeometry.Extent
  /// Steps from one window to the next.
  public let stride: ConvolutionGeometry.Extent
  /// The border around the input; smaller than the window.
  public let padding: ConvolutionGeometry.Extent
  /// What becomes of the last window.
  public let rounding: Rounding

  /// Kernel size and stride are at least 1; the padding is smaller than the kernel size, so that
  /// every window sees the map.
  public init(
    kernelSize: ConvolutionGeometry.Extent, stride: ConvolutionGeometry.Extent,
    padding: ConvolutionGeometry.Extent = 0, rounding: Rounding = .ceiling
  ) {
    for (size, step, border) in [
      (kernelSize.rows, stride.rows, padding.rows),
      (kernelSize.columns, stride.columns, padding.columns),
    ] {
      precondition(
        size >= 1 && step >= 1 && 0..<size ~= border,
        "a pool of size \(size), stride \(step), padding \(border)")
    }
    self.kernelSize = kernelSize
    self.stride = stride
    self.padding = padding
    self.rounding = rounding
  }

  /// The number of windows along an axis of n positions: ⌈(n + 2p − k)/s⌉ + 1, without the last if
  /// it would start at or beyond n + p; or ⌊(n + 2p − k)/s⌋ + 1. Less than 1 where none fits.
  private func windows(
    over length: Int, _ axis: KeyPath<ConvolutionGeometry.Extent, Int>
  ) -> Int {
    let (size, step) = (kernelSize[keyPath: axis], stride[keyPath: axis])
    let border = padding[keyPath: axis]
    let room = length + 2 * border - size
    switch rounding {
    case .floor:
      return room < 0 ? 0 : room / step + 1
    case .ceiling:
      let windows = max(0, room + step - 1) / step + 1
      return (windows - 1) * step >= length + border ? windows - 1 : windows
    }
  }

  /// The output's shape for an input.
  func outputShape(for input: TensorShape) throws -> TensorShape {
    let rows = windows(over: input.height, \.rows)
    let columns = windows(over: input.width, \.columns)
    guard rows >= 1, columns >= 1 else {
      throw InputError(
        .data,
        "its window of \(kernelSize.rows) × \(kernelSize.columns) does not fit into an input of "
          + "\(input.height) × \(input.width)",
        remedy: "use a larger image")
    }
    return input.with(height: rows, width: columns)
  }

  /// The window as the kernels take it.
  var window: ck_window {
    ck_window(
      rows: kernelSize.rows, columns: kernelSize.columns, row_stride: stride.rows,
      column_stride: stride.columns, row_padding: padding.rows, column_padding: padding.columns)
  }
}
