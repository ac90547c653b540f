import CKernels
import LatticeSupport

/// The three gradients of a convolution, each by the fastest way there is.
struct ConvolutionGradients {
  let layer: Convolution

  /// How the loss changes with the input: the transposed convolution of the output's gradient,
  /// which for a stride of 1 is a convolution again.
  ///
  /// - Parameters:
  ///   - gradient: how the loss changes with the output.
  ///   - weight: the layer's.
  ///   - shape: the input's.
  ///   - sum: what is added to the result, and then holds it.
  ///   - parallelism: the threads to use.
  func ofInput(
    _ gradient: Tensor, weight: ParameterValues, shape: TensorShape, addingTo sum: Tensor? = nil,
    parallelism: Parallelism
  ) -> Tensor {
    let transposed = TransposedConvolution(
      from: layer.outputChannels, to: layer.inputChannels, layer.geometry,
      outputPadding: rest(of: shape, gradient.shape), groups: layer.groups, hasBias: false)
    let result = sum ?? Tensor(uninitialized: shape)
    if let equivalent = transposed.equivalent {
      PreparedConvolution(
        equivalent, weight: transposed.equivalentWeight(weight, parallelism: parallelism),
        bias: nil,
        algorithm: .fastest(for: equivalent, input: gradient.shape), parallelism: parallelism
      ).apply(
        to: gradient, into: result, epilogue: ConvolutionEpilogue(residual: sum),
        parallelism: parallelism)
      return result
    }
    let output = sum.map { Tensor(uninitialized: $0.shape) } ?? result
    transposed.forward([gradient], parameters: [weight], into: output, parallelism: parallelism)
    if sum != nil { result.add(output, parallelism: parallelism) }
    return result
  }

  /// Rows and columns at the end of the input that no window reaches.
  private func rest(of input: TensorShape, _ output: TensorShape) -> ConvolutionGeometry.Extent {
    let geometry = layer.geometry
    func rest(_ length: Int, _ windows: Int, _ axis: KeyPath<ConvolutionGeometry.Extent, Int>)
      -> Int
    {
      let reach = geometry.rate[keyPath: axis] * (geometry.kernelSize[keyPath: axis] - 1) + 1
      return length + 2 * geometry.padding[keyPath: axis] - reach
        - (windows - 1) * geometry.stride[keyPath: axis]
    }
    return .init(
      rows: rest(input.height, output.height, \.rows),
      columns: rest(input.width, output.width, \.columns))
  }

  /// How the loss changes with the parameters: the weight, and the bias where there is one.
  func ofParameters(
    _ gradient: Tensor, input: Tensor, parallelism: Parallelism
  ) -> [ParameterValues] {
    let weight = WeightGradient(geometry: layer.geometry, groups: layer.groups)
      .values(input: input, gradient: gradient, parallelism: parallelism)
    return layer.hasBias ? [weight, gradient.channelSums(parallelism: parallelism)] : [weight]
  }
}

extension Convolution {
  /// Computes the gradients; see `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    let gradients = ConvolutionGradients(layer: self)
    let ofInput = gradients.ofInput(
      gradient, weight: parameters[0], shape: inputs[0].shape, parallelism: parallelism)
    return LayerGradients(
      inputs: [ofInput],
      parameters: gradients.ofParameters(gradient, input: inputs[0], parallelism: parallelism))
  }
}

extension TransposedConvolution {
  /// The convolution that this layer reverses; it takes the layer's weight as it is.
  private var reversed: Convolution {
    Convolution(
      from: outputChannels, to: inputChannels, kernelSize: geometry.kernelSize,
      stride: geometry.stride, padding: geometry.padding, rate: geometry.rate, groups: groups,
      hasBias: false)
  }

  /// Computes the gradients: those of the convolution that it reverses, with input and output in
  /// each other's place. A frozen weight has none. See `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    let ofInput = Tensor(uninitialized: inputs[0].shape)
    PreparedConvolution(
      reversed, weight: parameters[0], bias: nil,
      algorithm: .fastest(for: reversed, input: gradient.shape), parallelism: parallelism
    ).apply(to: gradient, into: ofInput, parallelism: parallelism)
    let weight =
      isFrozen
      ? nil
      : WeightGradient(geometry: geometry, groups: groups)
        .values(input: gradient, gradient: inputs[0], parallelism: parallelism)
    let bias = hasBias ? [gradient.channelSums(parallelism: parallelism)] : []
    return LayerGradients(inputs: [ofInput], parameters: [weight] + bias)
  }
}

extension Tensor {
  /// The sum of each channel over all positions: how a loss changes with a bias.
  func channelSums(parallelism: Parallelism) -> ParameterValues {
    let channels = shape.channels
    let sums = parallelism.sums(channels, over: shape) { positions, sums in
      ck_channel_sums(base + positions.lowerBound * channels, positions.count, channels, sums)
    }
    return ParameterValues(shape: [channels], values: sums.map { Float($0) })
  }

  /// Adds the values of another tensor of the same shape to the memory of this one.
  func add(_ other: Tensor, parallelism: Parallelism) {
    parallelism.forEachPiece(ofValues: shape.count) { range in
      let start = range.lowerBound
      ck_add(base + start, other.base + start, range.count, base + start)
    }
  }
}
