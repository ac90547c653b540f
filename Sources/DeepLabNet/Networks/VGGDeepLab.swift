/// DeepLab on VGG-16: the fully connected layers become convolutions with holes, in one or more
/// branches whose scores are summed.
///
/// Chen et al. (2015), arXiv 1412.7062, §3 and table 3, and Chen et al. (2017),
/// doi:10.1109/TPAMI.2017.2699184, §3.2 and figure 7. Layers have the names of the Caffe models:
/// `fc6`, `fc7`, `fc8_voc12`, with `_1` … `_4` behind them where there are several branches.
struct VGGDeepLab: Sendable {
  /// Taps of `fc6` along an axis.
  var kernelSize = 3
  /// The rate of each branch's `fc6` at an output stride of 8; other strides keep the span in
  /// pixels.
  let rates: [Int]
  /// Channels of `fc6` and `fc7`.
  var width = 1024
  /// Whether an average pool follows the last max pool.
  var averagesLastPool = false
  /// The window of the max pools.
  var pools = VGG16.Pools.aligned
  /// Whether the image and the first four pools have scores of their own, which are added.
  var hasSideBranches = false

  /// Channels of the side branches.
  private static let sideWidth = 128

  /// The network.
  ///
  /// Output `scores`: ⌈height / stride⌉ × ⌈width / stride⌉ × classes, for the released pools.
  func network(classes: Int, outputStride: OutputStride) -> Network {
    var builder = NetworkBuilder()
    let features = VGG16(pools: pools, outputStride: outputStride).add(to: &builder)
    var top = features.pools[features.pools.count - 1].source
    if averagesLastPool {
      let pool = PoolingGeometry(kernelSize: 3, stride: 1, padding: 1)
      top = builder.add(AveragePool(pool), to: top, named: "pool5a")
    }
    var scores = rates.enumerated().map { index, rate in
      addBranch(
        to: &builder, top, rate: outputStride.rate(matching: rate, at: .eight),
        suffix: rates.count == 1 ? "" : "_\(index + 1)", classes: classes)
    }
    if hasSideBranches {
      scores += addSideBranches(
        to: &builder, features, outputStride: outputStride, classes: classes)
    }
    let sum = builder.addSum(of: scores, named: "fc_fusion")
    return builder.network(outputs: [("scores", sum)])
  }

  private func addBranch(
    to builder: inout NetworkBuilder, _ features: Network.Source, rate: Int, suffix: String,
    classes: Int
  ) -> Network.Source {
    let fc6 = Convolution(
      from: VGG16.outputChannels, to: width, kernelSize: .init(kernelSize),
      padding: .init(rate * (kernelSize - 1) / 2), rate: .init(rate))
    var source = builder.addRectified(fc6, to: features, named: "fc6" + suffix)
    source = builder.add(Dropout(), to: source, named: "drop6" + suffix)
    let fc7 = Convolution(from: width, to: width, kernelSize: 1)
    source = builder.addRectified(fc7, to: source, named: "fc7" + suffix)
    source = builder.add(Dropout(), to: source, named: "drop7" + suffix)
    return builder.add(
      Convolution(from: width, to: classes, kernelSize: 1), to: source,
      named: "fc8_voc12" + suffix)
  }

  /// The multi-scale prediction of arXiv 1412.7062, §4.3: a perceptron of two layers on the image
  /// and on each of the first four pools, whose first convolution brings it to the stride of the
  /// scores.
  private func addSideBranches(
    to builder: inout NetworkBuilder, _ features: VGG16.Features, outputStride: OutputStride,
    classes: Int
  ) -> [Network.Source] {
    let image = (source: Network.Source.image, channels: 3, stride: 1)
    return ([image] + features.pools.dropLast()).enumerated().map { index, input in
      let name = index == 0 ? "msc_image" : "msc_pool\(index)"
      let first = Convolution(
        from: input.channels, to: Self.sideWidth, kernelSize: 3,
        stride: .init(outputStride.pixels / input.stride), padding: 1)
      var source = builder.addRectified(first, to: input.source, named: name + "_1")
      source = builder.add(Dropout(), to: source, named: name + "_1.dropout")
      let second = Convolution(from: Self.sideWidth, to: Self.sideWidth, kernelSize: 1)
      source = builder.addRectified(second, to: source, named: name + "_2")
      source = builder.add(Dropout(), to: source, named: name + "_2.dropout")
      return builder.add(
        Convolution(from: Self.sideWidth, to: classes, kernelSize: 1), to: source,
        named: name + "_3")
    }
  }
}
