/// The block of MobileNets: a 1 × 1 to many channels, a depthwise window, a 1 × 1 to few; the input
/// is added where it has the output's shape.
///
/// Sandler et al. (2018), doi:10.1109/CVPR.2018.00474, §3.3; Howard et al. (2019),
/// arXiv:1905.02244, figure 4, for the squeeze-and-excite. Layers have the names of PyTorch's model
/// library, which counts a block's parts.
struct InvertedResidual {
  let inputChannels: Int
  /// Channels of the depthwise convolution. Where they are the input's, there is no first 1 × 1.
  let expandedChannels: Int
  let outputChannels: Int
  var kernelSize = 3
  var stride = 1
  var rate = 1
  var activation = Activation.relu6
  /// Whether a squeeze-and-excite follows the depthwise convolution.
  var isSqueezed = false
  /// ε of the batch normalisations.
  var epsilon: Float = 1e-5
  /// Whether the zeros around the map are put there before the first 1 × 1, not behind it: the
  /// depthwise convolution then sees what the normalisation makes of 0.
  var padsFirst = false
  /// Whether the last 1 × 1 and its normalisation are two parts instead of one.
  var hasFlatProjection = false

  /// Adds the layers.
  func add(
    to builder: inout NetworkBuilder, _ input: Network.Source, prefix: String
  ) -> Network.Source {
    var (part, source) = (0, input)
    func addUnit(_ convolution: Convolution) {
      let name = "\(prefix)\(part)"
      source = builder.addNormalized(
        convolution, to: source, named: name + ".0", normalization: name + ".1",
        epsilon: epsilon)
      source = builder.add(activation, to: source, named: name + ".2")
      part += 1
    }
    let border = rate * (kernelSize - 1) / 2
    let isExpanding = expandedChannels != inputChannels
    let isPaddedFirst = padsFirst && isExpanding
    if isExpanding {
      addUnit(
        Convolution(
          from: inputChannels, to: expandedChannels, kernelSize: 1,
          padding: .init(isPaddedFirst ? border : 0), hasBias: false))
    }
    addUnit(
      Convolution(
        from: expandedChannels, to: expandedChannels, kernelSize: .init(kernelSize),
        stride: .init(stride), padding: .init(isPaddedFirst ? 0 : border), rate: .init(rate),
        groups: expandedChannels, hasBias: false))
    if isSqueezed {
      source = builder.addSqueezeExcite(
        to: source, channels: expandedChannels, named: "\(prefix)\(part)")
      part += 1
    }
    let project = Convolution(
      from: expandedChannels, to: outputChannels, kernelSize: 1, hasBias: false)
    let names =
      hasFlatProjection
      ? ("\(prefix)\(part)", "\(prefix)\(part + 1)") : ("\(prefix)\(part).0", "\(prefix)\(part).1")
    source = builder.addNormalized(
      project, to: source, named: names.0, normalization: names.1, epsilon: epsilon)
    guard stride == 1, inputChannels == outputChannels else { return source }
    return builder.add(Sum(), to: source, input, named: prefix + "sum")
  }
}

extension NetworkBuilder {
  /// Adds a squeeze-and-excite: the means of all channels decide by how much each is multiplied.
  fileprivate mutating func addSqueezeExcite(
    to input: Network.Source, channels: Int, named name: String
  ) -> Network.Source {
    let few = roundedToEights(channels / 4)
    var source = add(GlobalAveragePool(), to: input, named: name + ".mean")
    source = addRectified(
      Convolution(from: channels, to: few, kernelSize: 1), to: source, named: name + ".fc1")
    source = add(
      Convolution(from: few, to: channels, kernelSize: 1), to: source, named: name + ".fc2")
    source = add(Activation.hardSigmoid, to: source, named: name + ".sigmoid")
    return add(ChannelScale(), to: input, source, named: name + ".scale")
  }
}

/// The multiple of 8 nearest to `channels`, or the next if that is more than a tenth below:
/// MobileNets' rule.
private func roundedToEights(_ channels: Int) -> Int {
  let nearest = max(8, (channels + 4) / 8 * 8)
  return nearest * 10 < channels * 9 ? nearest + 8 : nearest
}
