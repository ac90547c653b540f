/// Atrous spatial pyramid pooling with batch normalisation: a 1 × 1, a 3 × 3 at each of several
/// rates and the mean of the whole map, side by side, and a 1 × 1 over all.
///
/// Chen et al. (2017), arXiv:1706.05587, §3.3. Layers are called `aspp.0` …, `aspp.pooling` and
/// `aspp.project`.
struct AtrousPyramid {
  /// Channels of each branch, and of the output.
  static let channels = 256

  /// The rates of the 3 × 3 convolutions.
  let rates: [Int]

  /// Adds the layers.
  func add(
    to builder: inout NetworkBuilder, _ features: BackboneFeatures.Map
  ) -> Network.Source {
    func convolution(rate: Int?) -> Convolution {
      Convolution(
        from: features.channels, to: Self.channels, kernelSize: rate == nil ? 1 : 3,
        padding: .init(rate ?? 0), rate: .init(rate ?? 1), hasBias: false)
    }
    let all: [Int?] = [nil] + rates
    var branches = all.enumerated().map { index, rate in
      builder.addUnit(convolution(rate: rate), to: features.source, named: "aspp.\(index)")
    }
    let mean = builder.add(GlobalAveragePool(), to: features.source, named: "aspp.pooling.mean")
    let pooled = builder.addUnit(convolution(rate: nil), to: mean, named: "aspp.pooling")
    // A map of one position has the same value everywhere, whatever the corners.
    branches.append(
      builder.add(
        BilinearResize(to: .ofLastInput, corners: .halfPixel), to: pooled, features.source,
        named: "aspp.pooling.resize"))
    let joined = builder.add(Concatenation(), to: branches, named: "aspp.join")
    let project = Convolution(
      from: Self.channels * branches.count, to: Self.channels, kernelSize: 1, hasBias: false)
    let output = builder.addUnit(project, to: joined, named: "aspp.project")
    return builder.add(Dropout(), to: output, named: "aspp.dropout")
  }
}
