import DeepLabNet

/// A small network whose filters see ever farther without losing positions: the context module of
/// Yu & Koltun (2016), arXiv 1511.07122, table 1, behind three convolutions that halve the maps.
struct ContextNetwork: Sendable {
  /// Channels of all layers but the last.
  var width = 16

  /// The rates of the module's filters at an output stride of 8.
  private static let rates = [1, 1, 2, 4, 8, 16, 1]

  /// The network in the catalogue.
  static let entry = CatalogEntry(
    name: "context-small", summary: "Context module, 3 × 3 at rates 1 to 16",
    paper: "Multi-Scale Context Aggregation by Dilated Convolutions", year: 2016,
    preprocessing: .caffe, resize: .bilinear(.aligned), outputStrides: [.four, .eight],
    build: ContextNetwork().network)

  /// The network; output `scores`: ⌈height / stride⌉ × ⌈width / stride⌉ × classes.
  func network(classes: Int, outputStride: OutputStride) -> Network {
    var builder = NetworkBuilder()
    var features = (source: Network.Source.image, channels: 3)
    func add(_ name: String, stride: Int = 1, rate: Int) {
      let convolution = Convolution(
        from: features.channels, to: width, kernelSize: 3, stride: .init(stride),
        padding: .init(rate), rate: .init(rate))
      let source = builder.add(convolution, to: features.source, named: name)
      features = (builder.add(Activation.relu, to: source, named: name + ".relu"), width)
    }
    // A halving that would go beyond the output stride is left out; all filters behind it are
    // spread.
    let halvings = outputStride.stages(of: [2, 2, 2])
    for (index, halving) in halvings.enumerated() {
      add("stem.\(index)", stride: halving.stride, rate: halving.rateBefore)
    }
    let spread = halvings[2].rate
    for (index, rate) in Self.rates.enumerated() { add("context.\(index)", rate: spread * rate) }
    let scores = builder.add(
      Convolution(from: width, to: classes, kernelSize: 1), to: features.source,
      named: "classifier")
    return builder.network(outputs: [("scores", scores)])
  }
}
