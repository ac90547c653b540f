/// DeepLab v3+: Chen et al. (2018), arXiv:1802.02611, §3.
///
/// The pyramid of DeepLab v3 encodes; a decoder brings its output to every fourth pixel, joins it
/// to features of the first layers, and refines both with 3 × 3 convolutions.
struct DeepLabV3Plus: Sendable {
  /// The pyramid's rates at an output stride of 16; other strides keep the span in pixels.
  private static let rates = [6, 12, 18]
  /// Channels that the first layers' features are reduced to.
  private static let lowChannels = 48

  /// How maps are upsampled.
  var corners = BilinearResize.Corners.halfPixel
  /// Whether the first layers' features come first where both are joined.
  var putsLowFirst = true
  /// The dropout behind each 3 × 3 of the decoder.
  var dropoutRates: [Float] = [0]
  /// Makes the features for an output stride.
  let backbone: @Sendable (OutputStride) -> any Backbone

  /// The network; output `scores`: about height / 4 × width / 4 × classes.
  func network(classes: Int, outputStride: OutputStride) -> Network {
    var builder = NetworkBuilder()
    let features = backbone(outputStride).add(to: &builder)
    let pyramid = AtrousPyramid(
      rates: Self.rates.map { outputStride.rate(matching: $0, at: .sixteen) })
    let encoded = pyramid.add(to: &builder, features.last)
    let low = builder.addUnit(
      Convolution(
        from: features.low.channels, to: Self.lowChannels, kernelSize: 1, hasBias: false),
      to: features.low.source, named: "decoder.low")
    let fine = builder.add(
      BilinearResize(to: .ofLastInput, corners: corners), to: encoded, low,
      named: "decoder.resize")
    var source = builder.add(
      Concatenation(), to: putsLowFirst ? [low, fine] : [fine, low], named: "decoder.join")
    var channels = AtrousPyramid.channels + Self.lowChannels
    for (index, rate) in dropoutRates.enumerated() {
      let number = index + 1
      source = builder.addNormalized(
        Convolution(
          from: channels, to: AtrousPyramid.channels, kernelSize: 3, padding: 1, hasBias: false),
        to: source, named: "decoder.conv\(number)", normalization: "decoder.bn\(number)")
      source = builder.add(Activation.relu, to: source, named: "decoder.relu\(number)")
      source = builder.add(Dropout(rate: rate), to: source, named: "decoder.dropout\(number)")
      channels = AtrousPyramid.channels
    }
    let scores = builder.add(
      Convolution(from: channels, to: classes, kernelSize: 1), to: source,
      named: "decoder.scores")
    return builder.network(outputs: [("scores", scores)])
  }
}

extension DeepLabV3Plus {
  private static func entry(
    _ name: String, _ summary: String, _ network: DeepLabV3Plus
  ) -> CatalogEntry {
    CatalogEntry(
      name: "deeplab-v3plus-" + name, summary: "DeepLab v3+, " + summary,
      paper: "Encoder-Decoder with Atrous Separable Convolution for Semantic Image Segmentation",
      year: 2018, preprocessing: .pyTorch, resize: .bilinear(network.corners),
      outputStrides: [.eight, .sixteen], defaultOutputStride: .sixteen, scoreStride: .four,
      build: network.network)
  }

  static let entries = [
    entry(
      "resnet101", "ResNet-101, as in VainF/DeepLabV3Plus-Pytorch",
      DeepLabV3Plus {
        ResNet(
          blocks: ResNet.blocks101, outputStride: $0, stridePlace: .middleConvolution,
          poolRounding: .floor)
      }),
    entry(
      "mobilenet-v2", "MobileNetV2, as in VainF/DeepLabV3Plus-Pytorch",
      DeepLabV3Plus { MobileNetV2(outputStride: $0) }),
    entry(
      "xception65", "Xception-65, as in jfzhang95/pytorch-deeplab-xception",
      DeepLabV3Plus(corners: .aligned, putsLowFirst: false, dropoutRates: [0.5, 0.1]) {
        Xception(outputStride: $0)
      }),
  ]
}
