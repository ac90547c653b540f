/// Aligned Xception with 16 blocks in its middle flow, rewritten for an output stride, as
/// jfzhang95/pytorch-deeplab-xception has it, whose names its layers bear.
///
/// Chen et al. (2018), arXiv:1802.02611, figure 4, after Chollet (2017), doi:10.1109/CVPR.2017.195.
/// Where a block begins with a ReLU, that port's shortcut sees what comes out of it, and the
/// decoder takes the first block's output, not the second's: weights of the paper's authors do not
/// fit.
struct Xception: Backbone {
  /// How coarse the maps become: 8 or 16.
  let outputStride: OutputStride

  private static let middleBlocks = 16
  private static let middleChannels = 728
  private static let (stemChannels, entryChannels) = ([32, 64], [128, 256, middleChannels])
  private static let (exitChannels, lastChannels) = ([728, 1024, 1024], [1536, 1536, 2048])

  func add(to builder: inout NetworkBuilder) -> BackboneFeatures {
    let steps = outputStride.stages(of: [2, 2, 2, 2, 2])
    var (source, channels) = (Network.Source.image, 3)
    for (index, width) in Self.stemChannels.enumerated() {
      let convolution = Convolution(
        from: channels, to: width, kernelSize: 3, stride: index == 0 ? 2 : 1, padding: 1,
        hasBias: false)
      source = builder.addNormalized(
        convolution, to: source, named: "backbone.conv\(index + 1)",
        normalization: "backbone.bn\(index + 1)")
      source = builder.add(Activation.relu, to: source, named: "backbone.relu\(index + 1)")
      channels = width
    }
    var (blocks, low) = (0, source)
    func add(_ units: [Int], stride: Int? = nil, rates: [Int], startsWithRectifier: Bool) {
      blocks += 1
      source = XceptionBlock(
        inputChannels: channels, units: units, stride: stride ?? 1, rates: rates,
        startsWithRectifier: startsWithRectifier
      ).add(to: &builder, source, prefix: "backbone.block\(blocks).")
      channels = units[units.count - 1]
    }
    for (index, width) in Self.entryChannels.enumerated() {
      add(
        [width, width, width], stride: steps[index + 1].stride, rates: [1, 1, 1],
        startsWithRectifier: index == 2)
      guard index == 0 else { continue }
      source = builder.add(Activation.relu, to: source, named: "backbone.block1.relu")
      low = source
    }
    let middleRate = steps[3].rate
    for _ in 0..<Self.middleBlocks {
      add(
        [Int](repeating: Self.middleChannels, count: 3),
        rates: [middleRate, middleRate, middleRate], startsWithRectifier: true)
    }
    // The last convolution of the block has a rate of 1 in that port, whatever the output stride.
    add(
      Self.exitChannels, rates: [steps[4].rateBefore, steps[4].rateBefore, 1],
      startsWithRectifier: true)
    source = builder.add(Activation.relu, to: source, named: "backbone.block\(blocks).relu")
    for (index, width) in Self.lastChannels.enumerated() {
      source = builder.addSeparable(
        from: channels, to: width, source, rate: steps[4].rate, named: "backbone.conv\(index + 3)",
        normalization: "backbone.bn\(index + 3)")
      source = builder.add(Activation.relu, to: source, named: "backbone.relu\(index + 3)")
      channels = width
    }
    return BackboneFeatures(
      last: .init(source: source, channels: channels),
      low: .init(source: low, channels: Self.entryChannels[0]), middle: nil)
  }
}

/// Three separable convolutions, added to the input or a 1 × 1 of it.
private struct XceptionBlock {
  let inputChannels: Int
  /// The output channels of each convolution.
  let units: [Int]
  /// The last convolution's stride.
  let stride: Int
  /// Each convolution's rate.
  let rates: [Int]
  let startsWithRectifier: Bool

  func add(
    to builder: inout NetworkBuilder, _ input: Network.Source, prefix: String
  ) -> Network.Source {
    let start =
      startsWithRectifier
      ? builder.add(Activation.relu, to: input, named: prefix + "rep.0") : input
    var (source, channels) = (start, inputChannels)
    // Parts are counted with the ReLUs between them.
    var part = startsWithRectifier ? 1 : 0
    for (index, width) in units.enumerated() {
      let isLast = index + 1 == units.count
      source = builder.addSeparable(
        from: channels, to: width, source, stride: isLast ? stride : 1, rate: rates[index],
        named: "\(prefix)rep.\(part)", normalization: "\(prefix)rep.\(part + 1)")
      if !isLast {
        source = builder.add(Activation.relu, to: source, named: "\(prefix)rep.\(part + 2)")
      }
      (channels, part) = (width, part + 3)
    }
    let shortcut = addShortcut(to: &builder, start, channels, prefix)
    return builder.add(Sum(), to: source, shortcut, named: prefix + "sum")
  }

  private func addShortcut(
    to builder: inout NetworkBuilder, _ input: Network.Source, _ channels: Int, _ prefix: String
  ) -> Network.Source {
    guard channels != inputChannels || stride != 1 else { return input }
    let convolution = Convolution(
      from: inputChannels, to: channels, kernelSize: 1, stride: .init(stride), hasBias: false)
    return builder.addNormalized(
      convolution, to: input, named: prefix + "skip", normalization: prefix + "skipbn")
  }
}

extension NetworkBuilder {
  /// Adds a depthwise convolution and a 1 × 1, each with a normalisation behind it.
  fileprivate mutating func addSeparable(
    from inputs: Int, to outputs: Int, _ input: Network.Source, stride: Int = 1, rate: Int,
    named name: String, normalization: String
  ) -> Network.Source {
    let depthwise = Convolution(
      from: inputs, to: inputs, kernelSize: 3, stride: .init(stride), padding: .init(rate),
      rate: .init(rate), groups: inputs, hasBias: false)
    let source = addNormalized(
      depthwise, to: input, named: name + ".conv1", normalization: name + ".bn")
    return addNormalized(
      Convolution(from: inputs, to: outputs, kernelSize: 1, hasBias: false), to: source,
      named: name + ".pointwise", normalization: normalization)
  }
}
