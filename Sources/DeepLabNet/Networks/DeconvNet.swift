/// DeconvNet: Noh, Hong & Han (2015), doi:10.1109/ICCV.2015.178, §3.
///
/// VGG-16 down to one position, and its mirror image back up: each pool's maxima return to where
/// they stood, and transposed convolutions fill the gaps between them. It labels one object
/// proposal of 224 × 224 pixels, see `ProposalSegmenter`. Layers have the names of the Caffe model:
/// `conv1_1`, `bn1_1`, `fc6-deconv`, `deconv5_1`, `debn5_1`, `seg-score-voc`.
///
/// Where values in a pool's window are nearly equal, rounding decides which switch is set, and
/// scores move by a pixel: those of direct convolutions and of Winograd's may differ in a few of a
/// hundred places.
enum DeconvNet {
  static let entry = CatalogEntry(
    name: "deconvnet", summary: "DeconvNet, VGG-16 with unpooling and deconvolution",
    paper: "Learning Deconvolution Network for Semantic Segmentation", year: 2015,
    preprocessing: .caffePrecise, resize: .bilinear(.halfPixel),
    sizes: .multiple(of: 32, plus: 224), outputStrides: [.one], defaultOutputStride: .one
  ) { classes, _ in network(classes: classes) }

  /// Channels of the two fully connected layers.
  private static let width = 4096
  /// What the fully connected layers see of the last pool, all of it.
  private static let window: ConvolutionGeometry.Extent = 7
  /// The channels of the transposed convolutions of each stage, behind its unpooling.
  private static let stages: [(number: Int, channels: [Int])] = [
    (5, [512, 512, 512]), (4, [512, 512, 256]), (3, [256, 256, 128]),
    (2, [128, 64]), (1, [64, 64]),
  ]

  /// The network; output `scores`: height × width × classes.
  private static func network(classes: Int) -> Network {
    var builder = NetworkBuilder()
    let features = VGG16(pools: .plain, outputStride: .thirtyTwo, isReversible: true)
      .add(to: &builder)
    var source = addBottleneck(to: &builder, features.pools[features.pools.count - 1].source)
    var channels = VGG16.outputChannels
    for stage in stages {
      source = builder.add(
        MaxUnpool(to: .scaled(by: 2)), to: source, features.switches[stage.number - 1],
        named: "unpool\(stage.number)")
      for (index, outputs) in stage.channels.enumerated() {
        let name = "\(stage.number)_\(index + 1)"
        let convolution = TransposedConvolution(
          from: channels, to: outputs, ConvolutionGeometry(kernelSize: 3, padding: 1))
        source = builder.addNormalizedAndRectified(
          convolution, channels: outputs, to: source, named: "deconv" + name,
          normalization: "debn" + name)
        channels = outputs
      }
    }
    let scores = builder.add(
      Convolution(from: channels, to: classes, kernelSize: 1), to: source, named: "seg-score-voc")
    return builder.network(outputs: [("scores", scores)])
  }

  /// The fully connected layers and the one that gives their result back its extent.
  private static func addBottleneck(
    to builder: inout NetworkBuilder, _ features: Network.Source
  ) -> Network.Source {
    let fc6 = Convolution(from: VGG16.outputChannels, to: width, kernelSize: window)
    var source = builder.addNormalizedAndRectified(
      fc6, channels: width, to: features, named: "fc6", normalization: "bnfc6")
    let fc7 = Convolution(from: width, to: width, kernelSize: 1)
    source = builder.addNormalizedAndRectified(
      fc7, channels: width, to: source, named: "fc7", normalization: "bnfc7")
    let reversed = TransposedConvolution(
      from: width, to: VGG16.outputChannels, ConvolutionGeometry(kernelSize: window))
    return builder.addNormalizedAndRectified(
      reversed, channels: VGG16.outputChannels, to: source, named: "fc6-deconv",
      normalization: "fc6-deconv-bn")
  }
}
