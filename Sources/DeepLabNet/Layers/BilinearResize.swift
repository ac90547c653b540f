import CKernels
import LatticeSupport
import Unaries

/// Reads a map on a finer or coarser grid, linearly along both axes.
///
/// Inputs: the map and, for a size of `.ofLastInput`, something of the size wanted, such as the
/// image.
public struct BilinearResize: Layer {
  /// Which points of the two grids coincide.
  public enum Corners: Sendable, Hashable {
    /// The outermost points: Caffe's `Interp`, TensorFlow's and PyTorch's `align_corners = true`.
    case aligned
    /// The outermost cells' edges: PyTorch's `align_corners = false`. Scaling by a factor s reads
    /// position (i + ½)/s − ½, whatever the rounding of the size.
    case halfPixel
  }

  /// The height and width of the output.
  public let size: TargetSize
  /// Which points of the two grids coincide.
  public let corners: Corners

  /// Resizes to the given size.
  public init(to size: TargetSize, corners: Corners) {
    self.size = size
    self.corners = corners
  }

  /// Resizes to a grid of the given size.
  init(height: Int, width: Int, corners: Corners) {
    self.init(to: .fixed(.init(rows: height, columns: width)), corners: corners)
  }

  /// What kind of layer it is.
  public var kind: String { "bilinear resize" }

  /// Its inputs.
  public var backwardReads: BackwardReads { .inputs }

  /// The input's channels on the size asked for.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape {
    precondition((1...2).contains(inputs.count), "\(kind): \(inputs.count) inputs")
    let extent = try size.extent(for: inputs[0], last: inputs[inputs.count - 1])
    return inputs[0].with(height: extent.rows, width: extent.columns)
  }

  private var alignment: GridAlignment {
    switch (corners, size) {
    case (.aligned, _): .corners
    case (.halfPixel, .scaled(let factor)): .halfPixelSteps(of: 1 / factor)
    case (.halfPixel, _): .halfPixel
    }
  }

  private func columnTaps(from: TensorShape, to: TensorShape) -> [ck_tap] {
    LinearTap.taps(from: from.width, to: to.width, alignment: alignment)
      .map { ck_tap(lower: $0.lower, upper: $0.upper, weight: $0.weight) }
  }

  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    let input = inputs[0]
    let (from, to) = (input.shape, output.shape)
    let rows = LinearTap.taps(from: from.height, to: to.height, alignment: alignment)
    let columns = columnTaps(from: from, to: to)
    parallelism.forEachRow(of: to) { image, row in
      let tap = rows[row]
      ck_resize_row(
        input.row(image, tap.lower), input.row(image, tap.upper), tap.weight, columns, to.width,
        to.channels, output.row(image, row))
    }
  }

  /// Computes the gradients; see `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    let result = Tensor(zeros: inputs[0].shape)
    let (from, to) = (result.shape, gradient.shape)
    // For each row of the input, the rows of the output that it is part of, and its weight in them.
    var shares = [[(row: Int, weight: Float)]](repeating: [], count: from.height)
    let taps = LinearTap.taps(from: from.height, to: to.height, alignment: alignment)
    for (row, tap) in taps.enumerated() {
      shares[tap.lower].append((row, 1 - tap.weight))
      shares[tap.upper].append((row, tap.weight))
    }
    let columns = columnTaps(from: from, to: to)
    parallelism.forEachRow(of: from) { image, row in
      for share in shares[row] where share.weight != 0 {
        ck_resize_row_gradient(
          gradient.row(image, share.row), share.weight, columns, to.width, to.channels,
          result.row(image, row))
      }
    }
    return LayerGradients(inputs: [result] + inputs.dropFirst().map { _ in nil })
  }
}
