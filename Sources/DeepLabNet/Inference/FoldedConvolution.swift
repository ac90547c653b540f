import Support

/// A convolution into whose weights the normalisation after it is folded: scale · (W x + b) + shift is one
/// convolution.
struct FoldedConvolution {
  private(set) var layer: Convolution
  private(set) var weight: ParameterValues
  private(set) var bias: ParameterValues?

  /// `nil` where the layer is not, and cannot be written as, a convolution.
  init?(_ layer: any Layer, _ values: [ParameterValues]) {
    guard let convolution = layer.asConvolution else { return nil }
    self.layer = convolution
    weight = (layer as? TransposedConvolution)?.equivalentWeight(values[0]) ?? values[0]
    bias = convolution.hasBias ? values[1] : nil
  }

  mutating func fold(_ normalization: BatchNormalization, _ values: [ParameterValues]) {
    let (scale, shift) = normalization.affine(values)
    let channels = layer.outputChannels
    let products = weight.count / channels
    let scaled = AlignedBuffer<Float>(uninitialized: weight.count)
    for channel in 0..<channels {
      let (source, target) = (
        weight.storage.base + channel * products, scaled.base + channel * products
      )
      let factor = scale[channel]
      for index in 0..<products { target[index] = source[index] * factor }
    }
    let given = bias
    let shifted = (0..<channels).map { channel in
      shift[channel] + scale[channel] * (given?.storage[channel] ?? 0)
    }
    weight = ParameterValues(shape: weight.shape, storage: scaled)
    bias = ParameterValues(shape: [channels], values: shifted)
    let geometry = layer.geometry
    layer = Convolution(
      from: layer.inputChannels, to: channels, kernelSize: geometry.kernelSize,
      stride: geometry.stride, padding: geometry.padding, rate: geometry.rate,
      groups: layer.groups, hasBias: true)
  }
}
