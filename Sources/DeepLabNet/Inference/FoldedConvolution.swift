import LatticeSupport

/// A convolution into whose weights the normalisation after it is folded: scale · (W x + b) + shift
/// is one convolution.
struct FoldedConvolution {
  private(set) var layer: Convolution
  private(set) var weight: ParameterValues
  private(set) var bias: ParameterValues?

  /// - Parameters:
  ///   - layer: what is computed.
  ///   - convolution: the convolution that it is, or is as good as.
  ///   - values: the layer's, changed in place where nothing else holds them: they may be
  ///     hundreds of megabytes.
  init(
    _ layer: any Layer, as convolution: Convolution, _ values: consuming [ParameterValues]
  ) {
    self.layer = convolution
    weight = (layer as? TransposedConvolution)?.equivalentWeight(values[0]) ?? values[0]
    bias = convolution.hasBias ? values[1] : nil
  }

  mutating func fold(_ normalization: BatchNormalization, _ values: [ParameterValues]) {
    let (scale, shift) = normalization.affine(values)
    let channels = layer.outputChannels
    let products = weight.count / channels
    weight.makeUnique()
    for channel in 0..<channels {
      let (values, factor) = (weight.storage.base + channel * products, scale[channel])
      for index in 0..<products { values[index] *= factor }
    }
    let given = bias
    let shifted = (0..<channels).map { channel in
      shift[channel] + scale[channel] * (given?.storage[channel] ?? 0)
    }
    bias = ParameterValues(shape: [channels], values: shifted)
    let geometry = layer.geometry
    layer = Convolution(
      from: layer.inputChannels, to: channels, kernelSize: geometry.kernelSize,
      stride: geometry.stride, padding: geometry.padding, rate: geometry.rate,
      groups: layer.groups, hasBias: true)
  }
}
