import DeepLabNet
import LatticeSupport
import TestSupport

/// Runs a network node by node, each layer by itself: the oracle for faster ways.
package struct StraightExecution: Sendable {
  private let network: Network
  private let parameters: [[ParameterValues]]
  /// For every node, the nodes whose outputs nothing behind it needs.
  private let finished: [[Int]]

  /// Reads all parameters.
  package init(_ network: Network, parameters source: any ParameterSource) throws {
    self.network = network
    parameters = try network.nodes.map { node in
      try node.layer.parameters.map { try source.values(of: "\(node.name).\($0.name)") }
    }
    var lastUse = [Int](repeating: -1, count: network.nodes.count)
    for (index, node) in network.nodes.enumerated() {
      for case .node(let input) in node.inputs { lastUse[input] = index }
    }
    for case .node(let output) in network.outputs.map(\.source) {
      lastUse[output] = network.nodes.count
    }
    finished = network.nodes.indices.map { index in
      lastUse.indices.filter { lastUse[$0] == index }
    }
  }

  /// The network's outputs for an input, by name.
  package func run(
    _ image: Tensor, parallelism: Parallelism = .automatic
  ) throws -> [String: Tensor] {
    let shapes = try network.shapes(
      height: image.shape.height, width: image.shape.width, batch: image.shape.batch)
    var values = [Tensor?](repeating: nil, count: network.nodes.count)
    func value(of source: Network.Source) -> Tensor {
      guard case .node(let index) = source else { return image }
      guard let tensor = values[index] else { preconditionFailure("node \(index) has been freed") }
      return tensor
    }
    for (index, node) in network.nodes.enumerated() {
      let output = Tensor(uninitialized: shapes[index])
      node.layer.forward(
        node.inputs.map(value), parameters: parameters[index], into: output,
        parallelism: parallelism)
      values[index] = output
      for done in finished[index] { values[done] = nil }
    }
    return Dictionary(
      uniqueKeysWithValues: network.outputs.map { ($0.name, value(of: $0.source)) })
  }
}
