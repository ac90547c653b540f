/// Layers that go together.
extension NetworkBuilder {
  /// Adds a layer and a ReLU behind it.
  mutating func addRectified(
    _ layer: some Layer, to input: Network.Source, named name: String
  ) -> Network.Source {
    let output = add(layer, to: input, named: name)
    return add(Activation.relu, to: output, named: name + ".relu")
  }

  /// Adds a convolution without bias and the batch normalisation behind it.
  mutating func addNormalized(
    _ convolution: Convolution, to input: Network.Source, named name: String,
    normalization: String, epsilon: Float = 1e-5
  ) -> Network.Source {
    precondition(!convolution.hasBias, "\(name): the normalisation already has a bias")
    let output = add(convolution, to: input, named: name)
    return add(
      BatchNormalization(channels: convolution.outputChannels, epsilon: epsilon), to: output,
      named: normalization)
  }

  /// Adds a convolution without bias, `name.conv`, its normalisation, `name.bn`, and a ReLU.
  mutating func addUnit(
    _ convolution: Convolution, to input: Network.Source, named name: String
  ) -> Network.Source {
    let output = addNormalized(
      convolution, to: input, named: name + ".conv", normalization: name + ".bn")
    return add(Activation.relu, to: output, named: name + ".relu")
  }

  /// Adds a convolution with a bias, the batch normalisation behind it, whose statistics are part
  /// of its scale and shift, and a ReLU.
  mutating func addNormalizedAndRectified(
    _ convolution: some Layer, channels: Int, to input: Network.Source, named name: String,
    normalization: String
  ) -> Network.Source {
    let output = add(convolution, to: input, named: name)
    return addRectified(
      BatchNormalization(channels: channels, hasStatistics: false), to: output,
      named: normalization)
  }

  /// Adds a sum, unless there is but one input.
  mutating func addSum(of inputs: [Network.Source], named name: String) -> Network.Source {
    inputs.count == 1 ? inputs[0] : add(Sum(), to: inputs, named: name)
  }
}
