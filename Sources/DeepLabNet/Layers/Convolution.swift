import LatticeSupport

/// A convolution of any kernel size, stride, padding, rate and number of groups.
///
/// Of (height, width, `inputChannels`) to (height', width', `outputChannels`); what lies outside
/// the input is 0. A rate above 1 is the atrous convolution of Chen et al. (2017),
/// doi:10.1109/TPAMI.2017.2699184, §3.1.
public struct Convolution: Layer {
  /// Channels that come in; a multiple of `groups`.
  public let inputChannels: Int
  /// Channels that go out; a multiple of `groups`.
  public let outputChannels: Int
  /// How the window moves.
  public let geometry: ConvolutionGeometry
  /// Groups of channels that do not see one another; as many as channels in a depthwise
  /// convolution.
  public let groups: Int
  /// Whether a bias is added.
  public let hasBias: Bool

  /// - Parameters:
  ///   - inputChannels: a multiple of `groups`.
  ///   - outputChannels: a multiple of `groups`.
  ///   - kernelSize: taps of the window.
  ///   - stride: steps from one window to the next.
  ///   - padding: zeros around the input.
  ///   - rate: steps from one tap to the next.
  ///   - groups: groups of channels that do not see one another.
  ///   - hasBias: whether a bias is added.
  public init(
    from inputChannels: Int, to outputChannels: Int, kernelSize: ConvolutionGeometry.Extent,
    stride: ConvolutionGeometry.Extent = 1, padding: ConvolutionGeometry.Extent = 0,
    rate: ConvolutionGeometry.Extent = 1, groups: Int = 1, hasBias: Bool = true
  ) {
    precondition(
      groups >= 1 && inputChannels >= 1 && outputChannels >= 1 && inputChannels % groups == 0
        && outputChannels % groups == 0,
      "\(inputChannels) and \(outputChannels) channels in \(groups) groups")
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    geometry = ConvolutionGeometry(
      kernelSize: kernelSize, stride: stride, padding: padding, rate: rate)
    self.groups = groups
    self.hasBias = hasBias
  }

  /// What kind of layer it is.
  public var kind: String { "convolution" }

  /// Its inputs.
  public var backwardReads: BackwardReads { .inputs }

  /// What `forward` takes beside its inputs: the weight, and the bias where there is one.
  public var parameters: [ParameterSpecification] {
    let weight = ParameterSpecification(
      "weight",
      shape: [
        outputChannels, inputChannels / groups, geometry.kernelSize.rows,
        geometry.kernelSize.columns,
      ], role: .weight)
    let bias = ParameterSpecification("bias", shape: [outputChannels], role: .bias)
    return hasBias ? [weight, bias] : [weight]
  }

  /// The output's shape for one input of `inputChannels` channels that a window fits into.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape {
    precondition(inputs.count == 1, "a convolution of \(inputs.count) inputs")
    let input = inputs[0]
    guard input.channels == inputChannels else {
      throw InputError(
        .data, "takes \(inputChannels) channels, but its input has \(input.channels)")
    }
    guard let size = geometry.outputSize(height: input.height, width: input.width) else {
      throw InputError(
        .data,
        "its window does not fit into an input of \(input.height) × \(input.width)",
        remedy: "use a larger image")
    }
    return TensorShape(
      batch: input.batch, height: size.rows, width: size.columns, channels: outputChannels)
  }

  /// Output positions × weights; taps in the padding count too, as papers have it.
  public func multiplyAdds(for inputs: [TensorShape]) throws -> Int {
    let weight = parameters[0]
    return try outputShape(for: inputs).positions * weight.count
  }

  /// Computes the output; see `Layer`. Weights are packed anew each time: an `InferencePlan` packs
  /// them once.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    let convolution = PreparedConvolution(
      self, weight: parameters[0], bias: hasBias ? parameters[1] : nil, parallelism: parallelism)
    convolution.apply(to: inputs[0], into: output, parallelism: parallelism)
  }
}
