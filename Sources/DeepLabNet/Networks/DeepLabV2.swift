/// DeepLab v2: Chen et al. (2017), doi:10.1109/TPAMI.2017.2699184, on VGG-16 and on residual
/// networks.
enum DeepLabV2 {
  static let title =
    "DeepLab: Semantic Image Segmentation with Deep Convolutional Nets, "
    + "Atrous Convolution, and Fully Connected CRFs"

  private static func entry(
    _ name: String, _ summary: String, resize: ScoreResize,
    build: @escaping @Sendable (_ classes: Int, _ outputStride: OutputStride) -> Network
  ) -> CatalogEntry {
    CatalogEntry(
      name: "deeplab-v2-" + name, summary: "DeepLab v2, " + summary, paper: title, year: 2017,
      preprocessing: .caffe, resize: resize, build: build)
  }

  /// One filter whose field of view is as large as the pyramid's middle.
  private static let largeFieldOfView = [12]
  /// The small and the large atrous spatial pyramid pooling, §3.2: rates at an output stride of 8.
  private static let (smallPyramid, largePyramid) = ([2, 4, 8, 12], [6, 12, 18, 24])

  private static let vggEntries = [
    entry(
      "vgg16-largefov", "VGG-16, 3 × 3 at rate 12", resize: .bilinear(.aligned),
      build: VGGDeepLab(rates: largeFieldOfView, averagesLastPool: true).network),
    entry(
      "vgg16-aspp-s", "VGG-16, pyramid of rates 2, 4, 8, 12", resize: .bilinear(.aligned),
      build: VGGDeepLab(rates: smallPyramid).network),
    entry(
      "vgg16-aspp-l", "VGG-16, pyramid of rates 6, 12, 18, 24", resize: .bilinear(.aligned),
      build: VGGDeepLab(rates: largePyramid).network),
  ]

  private static let residualEntries = [
    ("50", ResNet.blocks50), ("101", ResNet.blocks101),
  ].flatMap { layers, blocks in
    [
      entry(
        "resnet\(layers)", "ResNet-\(layers), pyramid of rates 6, 12, 18, 24",
        resize: .bilinear(.halfPixel), build: ResNetDeepLab(blocks, rates: largePyramid).network),
      entry(
        "resnet\(layers)-largefov", "ResNet-\(layers), 3 × 3 at rate 12",
        resize: .bilinear(.halfPixel),
        build: ResNetDeepLab(blocks, rates: largeFieldOfView).network),
    ]
  }

  static let entries = vggEntries + residualEntries
}

/// DeepLab v2 on a residual network.
///
/// §4.1.2: the stride is on the first 1 × 1 of a stage, the first pool rounds up.
struct ResNetDeepLab: Sendable {
  private let blocks: [Int]
  private let rates: [Int]

  /// - Parameters:
  ///   - blocks: blocks of the residual network's stages.
  ///   - rates: the pyramid's rates at an output stride of 8; other strides keep the span in
  ///     pixels.
  init(_ blocks: [Int], rates: [Int]) {
    self.blocks = blocks
    self.rates = rates
  }

  /// The network; output `scores`: about height / stride × width / stride × classes.
  func network(classes: Int, outputStride: OutputStride) -> Network {
    var builder = NetworkBuilder()
    let backbone = ResNet(
      blocks: blocks, outputStride: outputStride, stridePlace: .firstConvolution,
      poolRounding: .ceiling)
    let features = backbone.add(to: &builder).last
    let scores = SummedPyramid(rates: rates).add(
      to: &builder, features, classes: classes, outputStride: outputStride)
    return builder.network(outputs: [("scores", scores)])
  }
}
