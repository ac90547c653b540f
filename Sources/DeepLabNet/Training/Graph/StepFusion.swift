/// Joins a network's nodes into steps: a ReLU with the convolution or normalisation before it, and
/// a normalisation with the sum behind it.
struct StepFusion {
  private let network: Network
  private let normalization: NormalizationMode
  /// For each node, those that take its output; −1 stands for the network's user.
  private var readers: [[Int]]
  private let firstParameters: [Int]
  private(set) var steps: [TrainingStep] = []
  /// For each node, the step that computes its output.
  private(set) var places: [Int]

  init(_ network: Network, normalization: NormalizationMode) {
    self.network = network
    self.normalization = normalization
    places = [Int](repeating: -1, count: network.nodes.count)
    readers = [[Int]](repeating: [], count: network.nodes.count)
    for (index, node) in network.nodes.enumerated() {
      for case .node(let input) in node.inputs { readers[input].append(index) }
    }
    for case .node(let output) in network.outputs.map(\.source) { readers[output].append(-1) }
    var first = 0
    firstParameters = network.nodes.map { node in
      defer { first += node.layer.parameters.count }
      return first
    }
    let summed = sumsOfNormalizations()
    let waiting = Set(summed.values)
    for (index, node) in network.nodes.enumerated()
    where places[index] < 0 && !waiting.contains(index) {
      if let normalization = summed[index] {
        addSum(at: index, of: normalization)
      } else {
        add(step(of: index, inputs: node.inputs.map(source)), for: [index])
      }
    }
  }

  private func source(_ source: Network.Source) -> Network.Source {
    guard case .node(let node) = source else { return source }
    return .node(places[node])
  }

  /// For each sum of two that can take up a normalisation that nothing else reads, that node.
  private func sumsOfNormalizations() -> [Int: Int] {
    var result: [Int: Int] = [:]
    for (index, node) in network.nodes.enumerated()
    where node.layer is Sum && node.inputs.count == 2 && node.inputs[0] != node.inputs[1] {
      result[index] =
        node.inputs.lazy.compactMap { input -> Int? in
          guard case .node(let before) = input, readers[before] == [index],
            network.nodes[before].layer is BatchNormalization
          else { return nil }
          return before
        }.first
    }
    return result
  }

  private mutating func addSum(at index: Int, of normalization: Int) {
    let other = network.nodes[index].inputs.first { $0 != .node(normalization) }
    let inputs = network.nodes[normalization].inputs + [other].compactMap { $0 }
    add(step(of: normalization, inputs: inputs.map(source)), for: [normalization, index])
  }

  private func step(of index: Int, inputs: [Network.Source]) -> TrainingStep {
    let node = network.nodes[index]
    let first = firstParameters[index]
    let operation: TrainingStep.Operation =
      switch node.layer {
      case let layer as Convolution: .convolution(layer)
      case let layer as BatchNormalization:
        .normalization(layer, usesBatch: normalization == .batch && layer.hasStatistics)
      case let layer as Dropout: .dropout(layer)
      default: .layer(node.layer)
      }
    return TrainingStep(
      name: node.name, operation: operation, inputs: inputs,
      parameters: Array(first..<first + node.layer.parameters.count))
  }

  /// Appends a step that computes these nodes, and the ReLU behind the last of them.
  private mutating func add(_ step: TrainingStep, for nodes: [Int]) {
    var (step, nodes) = (step, nodes)
    if step.canClamp, let last = nodes.last, readers[last].count == 1, readers[last][0] >= 0,
      let range = (network.nodes[readers[last][0]].layer as? Activation)?.range
    {
      step.range = range
      nodes.append(readers[last][0])
    }
    for node in nodes { places[node] = steps.count }
    steps.append(step)
  }
}

extension TrainingStep {
  /// Whether a range costs nothing.
  fileprivate var canClamp: Bool {
    switch operation {
    case .convolution, .normalization: true
    case .dropout, .layer: false
    }
  }
}
