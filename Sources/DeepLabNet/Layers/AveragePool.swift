import CKernels
import LatticeSupport

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

  /// Its inputs.
  public var backwardReads: BackwardReads { .inputs }

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

  /// Computes the gradients; see `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    let result = Tensor(zeros: inputs[0].shape)
    let window = geometry.window
    parallelism.forEachImageAndChannels(of: result.shape) { image, channels in
      ck_average_pool_gradient(
        gradient.row(image, 0), ck_map(gradient.shape), window, countsPadding,
        channels.lowerBound, channels.upperBound, ck_map(result.shape), result.row(image, 0))
    }
    return LayerGradients(inputs: [result])
  }
}

/// The mean of every channel over the whole map: 1 × 1 × channels.
public struct GlobalAveragePool: Layer {
  /// A pool over whole maps.
  public init() {}

  /// What kind of layer it is.
  public var kind: String { "global average pool" }

  /// Its inputs.
  public var backwardReads: BackwardReads { .inputs }

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

  /// Computes the gradients; see `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    let result = Tensor(uninitialized: inputs[0].shape)
    let (shape, positions) = (result.shape, result.shape.height * result.shape.width)
    let shares = Tensor(uninitialized: gradient.shape)
    ck_scale(gradient.base, 1 / Float(positions), gradient.shape.count, shares.base)
    parallelism.forEachRow(of: shape) { image, row in
      // One row of the shares for all positions: its stride is 0.
      ck_copy_rows(
        shares.row(image, 0), 0, shape.width, shape.channels, result.row(image, row),
        shape.channels)
    }
    return LayerGradients(inputs: [result])
  }
}
