/// DeepLab v3: Chen et al. (2017), arXiv:1706.05587, on residual networks and MobileNetV3.
///
/// A pyramid with batch normalisation and the mean of the whole map, a 3 × 3, and a 1 × 1 to the
/// classes.
struct DeepLabV3: Sendable {
  /// The pyramid's rates at an output stride of `ratesStride`; other strides keep the span in
  /// pixels.
  private let rates: [Int]
  private let ratesStride: OutputStride
  private let backbone: @Sendable (OutputStride) -> any Backbone

  /// - Parameters:
  ///   - rates: the pyramid's rates.
  ///   - ratesStride: the output stride that they are for.
  ///   - backbone: makes the features for an output stride.
  init(
    rates: [Int], at ratesStride: OutputStride,
    backbone: @escaping @Sendable (OutputStride) -> any Backbone
  ) {
    self.rates = rates
    self.ratesStride = ratesStride
    self.backbone = backbone
  }

  /// The network; output `scores` and, where asked for, `auxiliary`.
  func network(classes: Int, outputStride: OutputStride, hasAuxiliary: Bool) -> Network {
    var builder = NetworkBuilder()
    let features = backbone(outputStride).add(to: &builder)
    let pyramid = AtrousPyramid(
      rates: rates.map { outputStride.rate(matching: $0, at: ratesStride) })
    var source = pyramid.add(to: &builder, features.last)
    let width = AtrousPyramid.channels
    source = builder.addNormalized(
      Convolution(from: width, to: width, kernelSize: 3, padding: 1, hasBias: false), to: source,
      named: "decoder.conv1", normalization: "decoder.bn1")
    source = builder.add(Activation.relu, to: source, named: "decoder.relu1")
    let scores = builder.add(
      Convolution(from: width, to: classes, kernelSize: 1), to: source, named: "decoder.scores")
    let outputs = PlainHead.outputs(
      scores, of: features, classes: classes, hasAuxiliary: hasAuxiliary, in: &builder)
    return builder.network(outputs: outputs)
  }
}

extension DeepLabV3 {
  private static func entry(
    _ name: String, _ summary: String, stride: OutputStride = .eight, _ network: DeepLabV3
  ) -> CatalogEntry {
    CatalogEntry(
      name: "deeplab-v3-" + name, summary: "DeepLab v3, " + summary,
      paper: "Rethinking Atrous Convolution for Semantic Image Segmentation", year: 2017,
      preprocessing: .pyTorch, resize: .bilinear(.halfPixel), defaultOutputStride: stride,
      buildWithAuxiliaryHead: {
        network.network(classes: $0, outputStride: $1, hasAuxiliary: true)
      },
      build: { network.network(classes: $0, outputStride: $1, hasAuxiliary: false) })
  }

  private static func residual(_ blocks: [Int], multiGrid: [Int]? = nil) -> DeepLabV3 {
    DeepLabV3(rates: [12, 24, 36], at: .eight) {
      ResNet(
        blocks: blocks, outputStride: $0, stridePlace: .middleConvolution, poolRounding: .floor,
        multiGrid: multiGrid)
    }
  }

  /// PyTorch's models, and the paper's: unit rates of 1, 2, 4 in the last stage, §4.3.
  private static let residualEntries = [
    ("50", ResNet.blocks50), ("101", ResNet.blocks101),
  ].flatMap { layers, blocks in
    [
      entry("resnet" + layers, "ResNet-\(layers), as in torchvision", residual(blocks)),
      entry(
        "resnet\(layers)-multigrid", "ResNet-\(layers), multi-grid 1, 2, 4 as in the paper",
        stride: .sixteen, residual(blocks, multiGrid: [1, 2, 4])),
    ]
  }

  static let entries =
    residualEntries + [
      entry(
        "mobilenet-v3-large", "MobileNetV3, as in torchvision", stride: .sixteen,
        DeepLabV3(rates: [12, 24, 36], at: .sixteen) { MobileNetV3(outputStride: $0) })
    ]
}
