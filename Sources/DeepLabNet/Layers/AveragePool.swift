import CKernels
import Support

/// The mean of every channel in a window that moves over the map; what lies outside the map is 0.
public struct AveragePool: Layer {
  /// How the window moves.
  public let geometry: PoolingGeometry
  /// Whether the divisor counts the padding, as Caffe does, or the map's own positions alone.
  public let countsPadding: Bool

  /// A pool over windows of the given geometry.
  public init(_ geometry: PoolingGeometry, countsPadding: Bool = true) {
    self.geometry = geometry
    self.countsPadding = countsPadding
  }

  /// What kind of layer it is.
  public var kind: String { "average pool" }

  /// One row and column for each place of the window.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape {
    try geometry.outputShape(for: only(inputs))
  }

  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    let (input, window) = (inputs[0], geometry.window)
    parallelism.forEachRow(of: output.shape) { image, row in
      ck_average_pool_row(
        input.row(image, 0), ck_map(input.shape), window, row, output.shape.width, countsPadding,
        output.row(image, row))
    }
  }
}

/// The mean of every channel over the whole map: 1 × 1 × channels.
public struct GlobalAveragePool: Layer {
  /// A pool over whole maps.
  public init() {}

  /// What kind of layer it is.
  public var kind: String { "global average pool" }

  /// 1 × 1 × channels.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape {
    only(inputs).with(height: 1, width: 1)
  }

  /// Channels of a piece of work.
  private static let grain = 64

  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    let input = inputs[0]
    for image in 0..<input.shape.batch {
      parallelism.forEachChunk(of: input.shape.channels, grain: Self.grain) { channels in
        ck_map_means(
          input.row(image, 0), ck_map(input.shape), channels.lowerBound, channels.count,
          output.row(image, 0) + channels.lowerBound)
      }
    }
  }
}
