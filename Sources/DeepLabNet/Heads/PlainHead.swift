/// The plainest classifier of positions: a 3 × 3 to a quarter of the channels, and a 1 × 1 to the
/// classes.
///
/// That of PyTorch's FCNs, and of the classifiers that look at features half way: while it trains,
/// a network has a loss of theirs beside its own, as Zhao et al. (2017), arXiv:1612.01105, §3.3,
/// do.
struct PlainHead {
  /// The beginning of the layers' names.
  let name: String

  /// Adds the layers.
  func add(
    to builder: inout NetworkBuilder, _ features: BackboneFeatures.Map, classes: Int
  ) -> Network.Source {
    let width = features.channels / 4
    let convolution = Convolution(
      from: features.channels, to: width, kernelSize: 3, padding: 1, hasBias: false)
    var source = builder.addUnit(convolution, to: features.source, named: name)
    source = builder.add(Dropout(rate: 0.1), to: source, named: name + ".dropout")
    return builder.add(
      Convolution(from: width, to: classes, kernelSize: 1), to: source, named: name + ".scores")
  }

  /// The outputs of a network whose classifier gives `scores`, with another on the middle features
  /// where one is asked for.
  static func outputs(
    _ scores: Network.Source, of features: BackboneFeatures, classes: Int, hasAuxiliary: Bool,
    in builder: inout NetworkBuilder
  ) -> [(name: String, source: Network.Source)] {
    guard hasAuxiliary, let middle = features.middle else { return [("scores", scores)] }
    let head = PlainHead(name: "auxiliary")
    return [
      ("scores", scores), ("auxiliary", head.add(to: &builder, middle, classes: classes)),
    ]
  }
}
