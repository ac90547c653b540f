import LatticeSupport

extension CatalogEntry {
  /// The network with layers behind it that refine its scores.
  ///
  /// Scores come to the image's size, or to every `stride`-th pixel of it, and are refined there;
  /// whatever else the network gives stays as it is.
  ///
  /// - Parameters:
  ///   - classes: at least 1.
  ///   - outputStride: pixels between features; the paper's where it is `nil`.
  ///   - withAuxiliaryHead: whether there is a second output, `auxiliary`.
  ///   - refinement: what refines the scores; the network itself where that is nothing.
  ///   - isTrained: whether the network is trained, rather than used: CRFs make fewer updates then.
  /// - Throws: `InputError` where the network cannot be made so.
  public func make(
    classes: Int, outputStride: OutputStride? = nil, withAuxiliaryHead: Bool = false,
    refinement: LearnedRefinement, isTrained: Bool = false
  ) throws -> Network {
    let network = try make(
      classes: classes, outputStride: outputStride, withAuxiliaryHead: withAuxiliaryHead)
    guard !refinement.isNone else { return network }
    guard case .bilinear(let corners) = resize else {
      throw InputError(
        .usage, "\(name) comes to the image's size by cropping, which no layer can refine",
        remedy: "choose a network whose scores are interpolated, such as deeplab-small")
    }
    try refinement.check()
    var refined = RefinedNetwork(network, corners: corners)
    if refinement.domainTransform.enabled {
      try refined.addDomainTransform(refinement.domainTransform, sizes: sizes)
    }
    if refinement.crf.enabled {
      let settings = refinement.crf
      refined.addCRF(
        CRFLayer(
          settings, labelCount: classes,
          iterations: isTrained ? settings.iterations : settings.testIterations,
          levels: preprocessing.deviation.map { $0 * preprocessing.divisor }))
    }
    return refined.network
  }
}

/// A network to which layers are added that refine its scores.
private struct RefinedNetwork {
  private let original: Network
  private let corners: BilinearResize.Corners
  private var builder: NetworkBuilder
  private var scores: Network.Source
  /// Pixels between scores; `nil` before they were resized.
  private var stride: Int?

  init(_ network: Network, corners: BilinearResize.Corners) {
    original = network
    self.corners = corners
    builder = NetworkBuilder(continuing: network)
    scores = network.outputs[0].source
  }

  var network: Network {
    builder.network(
      outputs: [(original.outputs[0].name, scores)] + original.outputs.dropFirst())
  }

  /// Resizes the scores to every `stride`-th pixel, and the image for those who compare it.
  private mutating func image(for name: String, every stride: Int) -> Network.Source {
    var image = Network.Source.image
    if stride > 1 {
      image = builder.add(
        BilinearResize(to: .scaled(by: 1 / Double(stride)), corners: corners), to: .image,
        named: name + ".image")
    }
    if self.stride != stride {
      scores = builder.add(
        BilinearResize(to: .ofLastInput, corners: corners), to: scores, image,
        named: name + ".scores")
      self.stride = stride
    }
    return image
  }

  mutating func addCRF(_ layer: CRFLayer) {
    let image = image(for: "crf", every: layer.settings.stride)
    scores = builder.add(layer, to: scores, image, named: "crf")
  }

  /// The edge map is a 1 × 1 convolution of features of every size, brought to one size and put
  /// together, and a ReLU: Chen et al. (2016), §3.2. The convolution comes first here, which gives
  /// the same map, since both it and the interpolation are linear, from maps of one channel.
  mutating func addDomainTransform(_ settings: DomainTransformSettings, sizes: ImageSizes) throws {
    let image = image(for: "domain_transform", every: settings.stride)
    let maps = try original.featuresBySize(sizes).enumerated().map { index, feature in
      let map = builder.add(
        Convolution(
          from: feature.channels, to: 1, kernelSize: 1, hasBias: index == 0),
        to: .node(feature.node), named: "edges.\(index)")
      return builder.add(
        BilinearResize(to: .ofLastInput, corners: corners), to: map, image,
        named: "edges.\(index).resized")
    }
    let sum = builder.addSum(of: maps, named: "edges.sum")
    let edges = builder.add(Activation.relu, to: sum, named: "edges.relu")
    scores = builder.add(
      DomainTransformLayer(settings), to: scores, edges, named: "domain_transform")
  }
}

extension Network {
  /// The last features of every size, finest first: what layers that make maps coarser take, and
  /// what the layer takes that gives the scores.
  fileprivate func featuresBySize(
    _ sizes: ImageSizes
  ) throws -> [(node: Int, channels: Int)] {
    let side = sizes.fitting(Segmenter.defaultSize)
    let shapes = try shapes(height: side, width: side)
    var last: [Int: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for case .node(let input) in node.inputs
      where shapes[index].height < shapes[input].height && shapes[index].height > 1 {
        last[shapes[input].height] = max(input, last[shapes[input].height] ?? 0)
      }
    }
    // Auxiliary heads are no part of the network in use.
    let scoring = Network(inputChannels: inputChannels, nodes: nodes, outputs: [outputs[0]])
    if let index = scoring.lastLayers.min(), case .node(let input)? = nodes[index].inputs.first {
      last[shapes[input].height] = input
    }
    return last.sorted { $0.key > $1.key }.map { ($0.value, shapes[$0.value].channels) }
  }
}
