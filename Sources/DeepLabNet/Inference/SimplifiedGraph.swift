/// A network's graph without layers that do nothing, and with sums of many written as sums of two.
struct SimplifiedGraph: Sendable {
  /// The nodes, in an order in which they can be computed.
  private(set) var nodes: [Network.Node] = []
  /// The results.
  private(set) var outputs: [(name: String, source: Network.Source)] = []
  /// The nodes that read each node's output.
  private var readers: [[Int]] = []
  private var results: Set<Network.Source> = []

  init(_ network: Network) {
    var origins: [Network.Source] = []
    func origin(of source: Network.Source) -> Network.Source {
      guard case .node(let index) = source else { return source }
      return origins[index]
    }
    for node in network.nodes {
      origins.append(add(node, inputs: node.inputs.map(origin(of:))))
    }
    outputs = network.outputs.map { ($0.name, origin(of: $0.source)) }
    results = Set(outputs.map(\.source))
    readers = [[Int]](repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() {
      for case .node(let input) in node.inputs { readers[input].append(index) }
    }
  }

  /// Adds what a node comes to; returns where its output is.
  private mutating func add(_ node: Network.Node, inputs: [Network.Source]) -> Network.Source {
    if node.layer is Dropout { return inputs[0] }
    guard node.layer is Sum, inputs.count > 2 else {
      nodes.append(Network.Node(name: node.name, layer: node.layer, inputs: inputs))
      return .node(nodes.count - 1)
    }
    return inputs.dropFirst().reduce(inputs[0]) { sum, input in
      nodes.append(Network.Node(name: node.name, layer: Sum(), inputs: [sum, input]))
      return .node(nodes.count - 1)
    }
  }

  /// The one node that needs this node's output, where no other node does.
  func onlyReader(of node: Int) -> Int? {
    guard readers[node].count == 1, !results.contains(.node(node)) else { return nil }
    return readers[node][0]
  }
}
