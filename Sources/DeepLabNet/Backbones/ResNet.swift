/// A residual network of bottleneck blocks, rewritten for an output stride.
///
/// He et al. (2016), doi:10.1109/CVPR.2016.90, table 1. Layers have the names that PyTorch's model
/// library gives them: `backbone.conv1`, `backbone.layer3.0.conv1` ….
public struct ResNet: Backbone, Hashable {
  /// Which convolution of a stage's first block makes the maps coarser.
  public enum StridePlace: Sendable, Hashable {
    /// The first, 1 × 1: the paper's and Caffe's models.
    case firstConvolution
    /// The 3 × 3: PyTorch's models, "v1.5".
    case middleConvolution
  }

  /// Blocks of the four stages.
  public let blocks: [Int]
  /// How coarse the maps become.
  public let outputStride: OutputStride
  /// Which convolution makes the maps coarser.
  public let stridePlace: StridePlace
  /// How the size behind the first pool is rounded.
  public let poolRounding: PoolingGeometry.Rounding
  /// Factors of the last stage's rate, one a block: the multi-grid of Chen et al. (2017),
  /// arXiv:1706.05587, §3.2.1; `nil` for a network that is not rewritten but for its strides.
  public let multiGrid: [Int]?

  /// The blocks of ResNet-50.
  public static let blocks50 = [3, 4, 6, 3]
  /// The blocks of ResNet-101.
  public static let blocks101 = [3, 4, 23, 3]

  /// - Parameters:
  ///   - blocks: blocks of the four stages.
  ///   - outputStride: how coarse the maps become.
  ///   - stridePlace: which convolution makes them coarser.
  ///   - poolRounding: how the size behind the first pool is rounded.
  ///   - multiGrid: factors of the last stage's rate, one a block.
  public init(
    blocks: [Int], outputStride: OutputStride, stridePlace: StridePlace,
    poolRounding: PoolingGeometry.Rounding, multiGrid: [Int]? = nil
  ) {
    precondition(blocks.count == 4, "\(blocks.count) stages: a residual network has four")
    precondition(
      multiGrid.map(\.count) ?? blocks[3] == blocks[3],
      "a multi-grid of \(multiGrid ?? []) for \(blocks[3]) blocks")
    self.blocks = blocks
    self.outputStride = outputStride
    self.stridePlace = stridePlace
    self.poolRounding = poolRounding
    self.multiGrid = multiGrid
  }

  /// Channels of the first convolution, and of the narrow part of the first stage's blocks.
  private static let width = 64
  /// How many times as wide a block's output is as its narrow part.
  fileprivate static let expansion = 4

  func add(to builder: inout NetworkBuilder) -> BackboneFeatures {
    let prefix = "backbone."
    let steps = outputStride.stages(of: [2, 2, 1, 2, 2, 2])
    let stem = Convolution(
      from: 3, to: Self.width, kernelSize: 7, stride: .init(steps[0].stride), padding: 3,
      hasBias: false)
    var source = builder.addNormalized(
      stem, to: .image, named: prefix + "conv1", normalization: prefix + "bn1")
    source = builder.add(Activation.relu, to: source, named: prefix + "relu")
    let pool = PoolingGeometry(
      kernelSize: 3, stride: .init(steps[1].stride), padding: 1, rounding: poolRounding)
    source = builder.add(MaxPool(pool), to: source, named: prefix + "maxpool")

    var (channels, stages) = (Self.width, [BackboneFeatures.Map]())
    for (stage, count) in blocks.enumerated() {
      let step = steps[stage + 2]
      for number in 0..<count {
        let block = Bottleneck(
          inputChannels: channels, width: Self.width << stage,
          stride: number == 0 ? step.stride : 1, rate: rate(of: number, inStage: stage, step),
          stridePlace: stridePlace, hasShortcut: number == 0)
        source = block.add(
          to: &builder, source, prefix: "\(prefix)layer\(stage + 1).\(number).")
        channels = (Self.width << stage) * Self.expansion
      }
      stages.append(.init(source: source, channels: channels))
    }
    return BackboneFeatures(last: stages[3], low: stages[0], middle: stages[2])
  }

  /// The rate of a block's 3 × 3: where this convolution would have made the step, it still sees
  /// the maps before it, unless the last stage's rates are a design of their own.
  private func rate(of block: Int, inStage stage: Int, _ step: OutputStride.Stage) -> Int {
    if let multiGrid, stage == blocks.count - 1 { return multiGrid[block] * step.rate }
    return block == 0 && stridePlace == .middleConvolution ? step.rateBefore : step.rate
  }
}

/// 1 × 1 to fewer channels, 3 × 3, 1 × 1 to more, added to the input or a 1 × 1 of it.
private struct Bottleneck {
  let inputChannels: Int
  let width: Int
  let stride: Int
  let rate: Int
  let stridePlace: ResNet.StridePlace
  let hasShortcut: Bool

  func add(
    to builder: inout NetworkBuilder, _ input: Network.Source, prefix: String
  ) -> Network.Source {
    let atFirst = stridePlace == .firstConvolution
    let wide = ResNet.expansion * width
    let convolutions = [
      Convolution(
        from: inputChannels, to: width, kernelSize: 1, stride: .init(atFirst ? stride : 1),
        hasBias: false),
      Convolution(
        from: width, to: width, kernelSize: 3, stride: .init(atFirst ? 1 : stride),
        padding: .init(rate), rate: .init(rate), hasBias: false),
      Convolution(from: width, to: wide, kernelSize: 1, hasBias: false),
    ]
    var source = input
    for (number, convolution) in convolutions.enumerated() {
      source = builder.addNormalized(
        convolution, to: source, named: "\(prefix)conv\(number + 1)",
        normalization: "\(prefix)bn\(number + 1)")
      guard number + 1 < convolutions.count else { break }
      source = builder.add(Activation.relu, to: source, named: "\(prefix)relu\(number + 1)")
    }
    let sum = builder.add(
      Sum(), to: source, shortcut(of: input, to: &builder, prefix), named: prefix + "sum")
    return builder.add(Activation.relu, to: sum, named: prefix + "relu")
  }

  private func shortcut(
    of input: Network.Source, to builder: inout NetworkBuilder, _ prefix: String
  ) -> Network.Source {
    guard hasShortcut else { return input }
    let convolution = Convolution(
      from: inputChannels, to: ResNet.expansion * width, kernelSize: 1, stride: .init(stride),
      hasBias: false)
    return builder.addNormalized(
      convolution, to: input, named: prefix + "downsample.0",
      normalization: prefix + "downsample.1")
  }
}
