/// The thirteen convolutions and five pools of VGG-16, rewritten for an output stride.
///
/// Simonyan & Zisserman (2015), arXiv 1409.1556, table 1, column D. Layers have the names of the
/// Caffe model: `conv1_1` … `conv5_3`.
public struct VGG16: Sendable, Hashable {
  /// The window of the pools, which decides where the positions of coarse maps lie.
  public enum Pools: Sendable, Hashable {
    /// 3 × 3 with padding 1, so that positions stay at multiples of the stride: DeepLab's released
    /// models.
    case aligned
    /// 2 × 2 with padding 1, the last one 3 × 3: the first DeepLab model.
    case shifted
    /// 2 × 2 without padding: the network as it was made for classification.
    case plain
  }

  /// The channels and the number of convolutions of each stage.
  private static let stages: [(channels: Int, convolutions: Int)] = [
    (64, 2), (128, 2), (256, 3), (512, 3), (512, 3),
  ]

  /// The channels behind the last pool.
  static let outputChannels = 512

  /// What the pools see.
  public let pools: Pools
  /// How coarse the maps become.
  public let outputStride: OutputStride
  /// Zeros around the image, for the first convolution.
  public let imagePadding: Int
  /// Whether a batch normalisation, `bn1_1` … `bn5_3`, follows every convolution, and the places of
  /// the pools' maxima are kept: the lower half of Noh et al. (2015), doi:10.1109/ICCV.2015.178.
  public let isReversible: Bool

  /// The features with the given pools.
  public init(
    pools: Pools = .aligned, outputStride: OutputStride, imagePadding: Int = 1,
    isReversible: Bool = false
  ) {
    self.pools = pools
    self.outputStride = outputStride
    self.imagePadding = imagePadding
    self.isReversible = isReversible
  }

  /// What the layers make of an image.
  struct Features {
    /// The output of each pool, with its channels and its distance between positions, in pixels.
    let pools: [(source: Network.Source, channels: Int, stride: Int)]
    /// Where the maxima of each pool stood, where that is kept.
    let switches: [Network.Source]
    /// The rate of filters behind the last pool that were made for the network's full stride.
    let rate: Int
  }

  /// Adds the layers.
  func add(to builder: inout NetworkBuilder) -> Features {
    let steps = outputStride.stages(of: [Int](repeating: 2, count: Self.stages.count))
    var (source, inputChannels, stride) = (Network.Source.image, 3, 1)
    var outputs: [(Network.Source, Int, Int)] = []
    var switches: [Network.Source] = []
    for (index, (stage, step)) in zip(Self.stages, steps).enumerated() {
      for number in 1...stage.convolutions {
        let padding = source == .image ? imagePadding : step.rateBefore
        let convolution = Convolution(
          from: inputChannels, to: stage.channels, kernelSize: 3, padding: .init(padding),
          rate: .init(step.rateBefore))
        source = add(convolution, to: source, named: "\(index + 1)_\(number)", &builder)
        inputChannels = stage.channels
      }
      let (pool, name) = (pool(index, stride: step.stride), "pool\(index + 1)")
      if isReversible {
        switches.append(builder.add(pool.switches, to: source, named: name + ".switches"))
      }
      source = builder.add(pool, to: source, named: name)
      stride *= step.stride
      outputs.append((source, inputChannels, stride))
    }
    return Features(pools: outputs, switches: switches, rate: steps[steps.count - 1].rate)
  }

  private func add(
    _ convolution: Convolution, to source: Network.Source, named name: String,
    _ builder: inout NetworkBuilder
  ) -> Network.Source {
    guard isReversible else {
      return builder.addRectified(convolution, to: source, named: "conv" + name)
    }
    return builder.addNormalizedAndRectified(
      convolution, channels: convolution.outputChannels, to: source, named: "conv" + name,
      normalization: "bn" + name)
  }

  private func pool(_ index: Int, stride: Int) -> MaxPool {
    let isSmall = pools == .plain || pools == .shifted && index < Self.stages.count - 1
    return MaxPool(
      PoolingGeometry(
        kernelSize: isSmall ? 2 : 3, stride: .init(stride), padding: pools == .plain ? 0 : 1))
  }
}
