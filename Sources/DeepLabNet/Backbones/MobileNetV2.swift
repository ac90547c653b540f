/// MobileNetV2, rewritten for an output stride, as VainF/DeepLabV3Plus-Pytorch has it.
///
/// Sandler et al. (2018), doi:10.1109/CVPR.2018.00474, table 2. That port puts the zeros around a
/// map before a block's first 1 × 1, so that the depthwise convolution sees at the border what the
/// normalisation makes of 0, and none around the image. Layers have the names of PyTorch's model
/// library: `backbone.0.0`, `backbone.2.conv.0.0` ….
struct MobileNetV2: Backbone {
  /// How coarse the maps become.
  let outputStride: OutputStride

  /// Stages: how many times as wide as its input a block is, its output, the blocks, the first
  /// one's stride.
  private static let stages: [(expansion: Int, channels: Int, blocks: Int, stride: Int)] = [
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
  ]
  private static let stemChannels = 32
  /// The stage whose output decoders take.
  private static let lowStage = 1

  func add(to builder: inout NetworkBuilder) -> BackboneFeatures {
    let steps = outputStride.stages(of: [2] + Self.stages.map(\.stride))
    let stem = Convolution(
      from: 3, to: Self.stemChannels, kernelSize: 3, stride: .init(steps[0].stride), hasBias: false)
    var source = builder.addNormalized(
      stem, to: .image, named: "backbone.0.0", normalization: "backbone.0.1")
    source = builder.add(Activation.relu6, to: source, named: "backbone.0.2")
    var (channels, count, maps) = (Self.stemChannels, 1, [BackboneFeatures.Map]())
    for (stage, step) in zip(Self.stages, steps.dropFirst()) {
      for number in 0..<stage.blocks {
        let block = InvertedResidual(
          inputChannels: channels, expandedChannels: channels * stage.expansion,
          outputChannels: stage.channels, stride: number == 0 ? step.stride : 1,
          rate: number == 0 ? step.rateBefore : step.rate, padsFirst: true,
          hasFlatProjection: true)
        source = block.add(to: &builder, source, prefix: "backbone.\(count).conv.")
        (channels, count) = (stage.channels, count + 1)
      }
      maps.append(.init(source: source, channels: channels))
    }
    return BackboneFeatures(last: maps[maps.count - 1], low: maps[Self.lowStage], middle: nil)
  }
}
