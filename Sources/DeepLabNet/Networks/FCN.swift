/// FCN-32s, FCN-16s and FCN-8s: Long, Shelhamer & Darrell (2015), doi:10.1109/CVPR.2015.7298965,
/// §4.2 and figure 3.
///
/// VGG-16 with its fully connected layers as convolutions; scores of finer pools are added to
/// upsampled ones of coarser maps. The image has a border so wide that images of any size fill the
/// window of `fc6`; crops bring maps of different borders together. Layers have the names of the
/// Caffe models: `score_fr`, `score_pool4` ….
struct FCN: Sendable {
  /// A finer pool, whose scores are added.
  private struct Skip {
    /// Among the pools of VGG-16, counted from 1.
    let pool: Int
    /// The layer that doubles the scores so far.
    let upsampling: String
    /// Positions of the pool's map before the first of the scores'.
    let offset: Int
    /// What at-once training multiplies the pool by, to bring all scores to one magnitude.
    let factor: Float
  }

  private static let skips = [
    Skip(pool: 4, upsampling: "upscore2", offset: 5, factor: 1e-2),
    Skip(pool: 3, upsampling: "upscore_pool4", offset: 9, factor: 1e-4),
  ]

  /// The last upsampling: its layer's name, its factor, and the pixels before the image's first.
  private static let endings = [("upscore", 32, 19), ("upscore16", 16, 27), ("upscore8", 8, 31)]

  /// Zeros around the image.
  private static let border = 100
  /// Channels of the fully connected layers.
  private static let width = 4096

  /// Pools that have scores of their own: none for FCN-32s, one for 16s, two for 8s.
  let skipCount: Int
  /// Whether all scores are trained at once, with scaled pools, and not one network after another.
  var isAtOnce = false

  /// The network; output `scores`: height × width × classes.
  func network(classes: Int) -> Network {
    var builder = NetworkBuilder()
    let pools = VGG16(pools: .plain, outputStride: .thirtyTwo, imagePadding: Self.border)
      .add(to: &builder).pools
    let top = addPerceptron(to: &builder, pools[pools.count - 1].source)
    var scores = builder.add(
      Convolution(from: Self.width, to: classes, kernelSize: 1), to: top, named: "score_fr")
    for skip in Self.skips.prefix(skipCount) {
      let pool = pools[skip.pool - 1]
      let finer = addScores(
        of: pool.source, channels: pool.channels, skip, to: &builder, classes: classes)
      scores = upsample(scores, by: 2, named: skip.upsampling, in: &builder, classes: classes)
      let cropped = builder.add(
        Crop(from: .init(skip.offset), to: .ofLastInput), to: finer, scores,
        named: "score_pool\(skip.pool)c")
      scores = builder.add(Sum(), to: scores, cropped, named: "fuse_pool\(skip.pool)")
    }
    let (name, factor, offset) = Self.endings[skipCount]
    let all = upsample(scores, by: factor, named: name, in: &builder, classes: classes)
    let pixels = builder.add(
      Crop(from: .init(offset), to: .ofLastInput), to: all, .image, named: "score")
    return builder.network(outputs: [("scores", pixels)])
  }

  /// The fully connected layers.
  private func addPerceptron(
    to builder: inout NetworkBuilder, _ features: Network.Source
  ) -> Network.Source {
    let fc6 = Convolution(from: VGG16.outputChannels, to: Self.width, kernelSize: 7)
    var source = builder.addRectified(fc6, to: features, named: "fc6")
    source = builder.add(Dropout(), to: source, named: "drop6")
    let fc7 = Convolution(from: Self.width, to: Self.width, kernelSize: 1)
    source = builder.addRectified(fc7, to: source, named: "fc7")
    return builder.add(Dropout(), to: source, named: "drop7")
  }

  private func addScores(
    of pool: Network.Source, channels: Int, _ skip: Skip, to builder: inout NetworkBuilder,
    classes: Int
  ) -> Network.Source {
    let name = "pool\(skip.pool)"
    let scaled =
      isAtOnce ? builder.add(Scale(by: skip.factor), to: pool, named: "scale_" + name) : pool
    return builder.add(
      Convolution(from: channels, to: classes, kernelSize: 1), to: scaled, named: "score_" + name)
  }

  /// Frozen bilinear interpolation, §3.3.
  private func upsample(
    _ scores: Network.Source, by factor: Int, named name: String,
    in builder: inout NetworkBuilder, classes: Int
  ) -> Network.Source {
    let geometry = ConvolutionGeometry(kernelSize: .init(2 * factor), stride: .init(factor))
    return builder.add(
      TransposedConvolution(
        from: classes, to: classes, geometry, hasBias: false, isFrozen: true), to: scores,
      named: name)
  }
}

extension FCN {
  private static func entry(_ name: String, _ summary: String, _ network: FCN) -> CatalogEntry {
    CatalogEntry(
      name: name, summary: "FCN, VGG-16, " + summary,
      paper: "Fully Convolutional Networks for Semantic Segmentation", year: 2015,
      preprocessing: .caffePrecise, resize: .bilinear(.halfPixel), outputStrides: [.one],
      defaultOutputStride: .one
    ) { classes, _ in network.network(classes: classes) }
  }

  static let entries = [
    entry("fcn32s", "scores at every 32nd pixel", FCN(skipCount: 0)),
    entry("fcn16s", "scores of pool 4 added", FCN(skipCount: 1)),
    entry("fcn8s", "scores of pools 4 and 3 added", FCN(skipCount: 2)),
    entry(
      "fcn8s-at-once", "scores of scaled pools 4 and 3 added",
      FCN(skipCount: 2, isAtOnce: true)),
  ]
}
