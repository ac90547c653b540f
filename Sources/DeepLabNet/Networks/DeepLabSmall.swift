/// DeepLab v2's ideas in two million parameters: a residual network that keeps maps of every eighth
/// pixel by filters of rates 2 and 4, and a pyramid of rates that ends in the classes.
///
/// Chen et al. (2017), doi:10.1109/TPAMI.2017.2699184, §3.1 and §3.2, on the basic blocks of He et
/// al. (2016), doi:10.1109/CVPR.2016.90, figure 2. Made to be trained from scratch on a few hundred
/// photographs, in minutes.
struct DeepLabSmall: Sendable {
  private let rates: [Int]

  /// A pyramid at an output stride of 8.
  private static let pyramid = [3, 6, 9, 12]

  static let entries = [
    entry("deeplab-small", "DeepLab v2 in small, pyramid of rates 3, 6, 9, 12", pyramid),
    entry("deeplab-small-largefov", "DeepLab v2 in small, 3 × 3 at rate 12", [12]),
  ]

  private static func entry(_ name: String, _ summary: String, _ rates: [Int]) -> CatalogEntry {
    CatalogEntry(
      name: name, summary: summary, paper: DeepLabV2.title, year: 2017, preprocessing: .pyTorch,
      resize: .bilinear(.halfPixel), outputStrides: [.eight],
      build: DeepLabSmall(rates: rates).network)
  }

  /// Channels, blocks and rates of a stage, and the stride of its first block.
  private struct Stage {
    let channels: Int
    let stride: Int
    /// One a block.
    let rates: [Int]
  }

  private static let stem = (first: 32, second: 64)
  private static let stages = [
    Stage(channels: 64, stride: 1, rates: [1, 1]), Stage(channels: 128, stride: 2, rates: [1, 1]),
    Stage(channels: 192, stride: 1, rates: [2, 4]),
  ]

  /// The network; output `scores`: ⌈height / 8⌉ × ⌈width / 8⌉ × classes.
  func network(classes: Int, outputStride: OutputStride) -> Network {
    var builder = NetworkBuilder()
    var source = Network.Source.image
    var channels = 3
    for (number, width) in [Self.stem.first, Self.stem.second].enumerated() {
      source = builder.addUnit(
        Convolution(
          from: channels, to: width, kernelSize: 3, stride: 2, padding: 1, hasBias: false),
        to: source, named: "backbone.stem.\(number)")
      channels = width
    }
    for (number, stage) in Self.stages.enumerated() {
      for (block, rate) in stage.rates.enumerated() {
        let block = BasicBlock(
          inputChannels: channels, channels: stage.channels, stride: block == 0 ? stage.stride : 1,
          rate: rate, prefix: "backbone.layer\(number + 1).\(block).")
        source = block.add(to: &builder, source)
        channels = stage.channels
      }
    }
    let scores = SummedPyramid(rates: rates).add(
      to: &builder, .init(source: source, channels: channels), classes: classes,
      outputStride: outputStride)
    return builder.network(outputs: [("scores", scores)])
  }
}

/// Two 3 × 3 convolutions, added to the input or a 1 × 1 of it.
private struct BasicBlock {
  let inputChannels: Int
  let channels: Int
  let stride: Int
  let rate: Int
  let prefix: String

  func add(to builder: inout NetworkBuilder, _ input: Network.Source) -> Network.Source {
    let spread = ConvolutionGeometry.Extent(rate)
    let first = builder.addUnit(
      Convolution(
        from: inputChannels, to: channels, kernelSize: 3, stride: .init(stride), padding: spread,
        rate: spread, hasBias: false), to: input, named: prefix + "0")
    let second = builder.addNormalized(
      Convolution(
        from: channels, to: channels, kernelSize: 3, padding: spread, rate: spread,
        hasBias: false), to: first, named: prefix + "1.conv", normalization: prefix + "1.bn")
    let sum = builder.add(
      Sum(), to: second, shortcut(of: input, to: &builder), named: prefix + "sum")
    return builder.add(Activation.relu, to: sum, named: prefix + "relu")
  }

  private func shortcut(
    of input: Network.Source, to builder: inout NetworkBuilder
  ) -> Network.Source {
    guard stride != 1 || inputChannels != channels else { return input }
    return builder.addNormalized(
      Convolution(
        from: inputChannels, to: channels, kernelSize: 1, stride: .init(stride), hasBias: false),
      to: input, named: prefix + "shortcut.conv", normalization: prefix + "shortcut.bn")
  }
}
