import CKernels
import LatticeSupport

/// The largest value of every channel in a window that moves over the map; padding never wins.
public struct MaxPool: Layer {
  /// How the window moves.
  public let geometry: PoolingGeometry

  /// The layer that finds where the maxima stand.
  var switches: MaxPoolSwitches { MaxPoolSwitches(geometry) }

  /// A pool over windows of the given geometry.
  public init(_ geometry: PoolingGeometry) {
    self.geometry = geometry
  }

  /// What kind of layer it is.
  public var kind: String { "max pool" }

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
      ck_max_pool_row(
        input.row(image, 0), ck_map(input.shape), window, row, output.shape.width,
        output.row(image, row))
    }
  }

  /// Computes the gradients, which go to the first of equals; see `Layer` and `MaxPoolSwitches`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    let switches = try switches.output(for: inputs, parallelism: parallelism)
    let result = Tensor(zeros: inputs[0].shape)
    let (shape, pooled) = (result.shape, gradient.shape)
    parallelism.forEachImageAndChannels(of: shape) { image, channels in
      ck_max_pool_gradient(
        gradient.row(image, 0), switches.row(image, 0), pooled.height * pooled.width,
        shape.channels, channels.lowerBound, channels.upperBound, result.row(image, 0))
    }
    return LayerGradients(inputs: [result])
  }
}

/// Where the maxima of a `MaxPool` of the same geometry stand: the switches of Zeiler & Fergus
/// (2014), doi:10.1007/978-3-319-10590-1_53, which `MaxUnpool` takes.
///
/// A switch is row · width + column in the input's map, the first of equal values. It is stored as
/// a float, which is exact for maps of up to 2²⁴ positions.
public struct MaxPoolSwitches: Layer {
  /// How the window moves.
  public let geometry: PoolingGeometry

  /// The largest map whose positions a float counts exactly.
  private static let positionLimit = 1 << 24

  /// The switches of a pool of the given geometry.
  public init(_ geometry: PoolingGeometry) {
    self.geometry = geometry
  }

  /// What kind of layer it is.
  public var kind: String { "pool switches" }

  /// One row and column for each place of the window; maps have at most 2²⁴ positions.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape {
    let input = only(inputs)
    guard input.height * input.width <= Self.positionLimit else {
      throw InputError(
        .data,
        "takes maps of up to \(Self.positionLimit) positions, but its input is "
          + "\(input.height) × \(input.width)",
        remedy: "use a smaller image")
    }
    return try geometry.outputShape(for: input)
  }

  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    let (input, window) = (inputs[0], geometry.window)
    parallelism.forEachRow(of: output.shape) { image, row in
      ck_max_switches_row(
        input.row(image, 0), ck_map(input.shape), window, row, output.shape.width,
        output.row(image, row))
    }
  }
}
