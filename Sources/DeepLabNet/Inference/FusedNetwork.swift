/// The steps of an inference: transposed convolutions of stride 1 written as convolutions, batch
/// normalisations folded into the convolutions before them, residual sums and clamping activations
/// done by the convolution that comes last, dropouts left out.
///
/// A tensor that only the next layer needs is never written.
struct FusedNetwork: Sendable {
  let graph: SimplifiedGraph
  /// The steps, in an order in which they can be computed.
  private(set) var steps: [FusedStep] = []
  /// Nodes that are part of a step.
  private var isDone: Set<Int> = []
  /// Nodes whose output a step writes.
  private var isWritten: Set<Int> = []

  init(_ network: Network) {
    graph = SimplifiedGraph(network)
    for node in graph.nodes.indices where !isDone.contains(node) {
      let step = step(from: node)
      isWritten.insert(step.output)
      steps.append(step)
    }
  }

  private mutating func step(from node: Int) -> FusedStep {
    var step = FusedStep(node: node, output: node, inputs: graph.nodes[node].inputs)
    guard graph.nodes[node].layer.asConvolution != nil else { return step }
    var fused = FusedStep.FusedConvolution()
    func append(_ next: Int) {
      step.output = next
      isDone.insert(next)
    }
    if let next = graph.onlyReader(of: step.output),
      graph.nodes[next].layer is BatchNormalization
    {
      fused.normalization = next
      append(next)
    }
    if let next = graph.onlyReader(of: step.output),
      let residual = addend(of: next, beside: step.output)
    {
      fused.residual = residual
      append(next)
    }
    if let next = graph.onlyReader(of: step.output),
      let range = (graph.nodes[next].layer as? Activation)?.range
    {
      fused.range = range
      append(next)
    }
    step.fused = fused
    return step
  }

  /// What a sum adds to `node`, where it exists by now.
  private func addend(of sum: Int, beside node: Int) -> Network.Source? {
    guard graph.nodes[sum].layer is Sum else { return nil }
    let others = graph.nodes[sum].inputs.filter { $0 != .node(node) }
    guard others.count == 1 else { return nil }
    if case .node(let index) = others[0], !isWritten.contains(index) { return nil }
    return others[0]
  }
}
