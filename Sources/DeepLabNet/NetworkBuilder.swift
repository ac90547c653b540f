/// Puts a network together, one layer after another.
///
/// ```swift
/// var builder = NetworkBuilder(inputChannels: 3)
/// let convolution = Convolution(from: 3, to: 64, kernelSize: 3, padding: 1)
/// let features = builder.add(convolution, to: .image, named: "conv1")
/// let network = builder.network(outputs: [("out", features)])
/// ```
public struct NetworkBuilder {
  private let inputChannels: Int
  private var nodes: [Network.Node] = []
  private var names: Set<String> = []

  /// A network without layers.
  public init(inputChannels: Int = 3) {
    self.inputChannels = inputChannels
  }

  /// A network to which layers are added.
  package init(continuing network: Network) {
    inputChannels = network.inputChannels
    nodes = network.nodes
    names = Set(network.nodes.map(\.name))
  }

  /// Adds a layer.
  ///
  /// - Parameters:
  ///   - layer: what is computed.
  ///   - inputs: where its inputs come from.
  ///   - name: unique in the network.
  /// - Returns: the layer's output.
  public mutating func add(
    _ layer: some Layer, to inputs: Network.Source..., named name: String
  ) -> Network.Source {
    add(layer, to: inputs, named: name)
  }

  /// Adds a layer with any number of inputs.
  public mutating func add(
    _ layer: some Layer, to inputs: [Network.Source], named name: String
  ) -> Network.Source {
    precondition(names.insert(name).inserted, "two layers are called \(name)")
    for case .node(let index) in inputs {
      precondition(index < nodes.count, "\(name) takes the output of a layer that comes later")
    }
    nodes.append(Network.Node(name: name, layer: layer, inputs: inputs))
    return .node(nodes.count - 1)
  }

  /// The network so far.
  ///
  /// - Parameter outputs: names and sources of the results, the most important first.
  public func network(outputs: [(name: String, source: Network.Source)]) -> Network {
    Network(inputChannels: inputChannels, nodes: nodes, outputs: outputs)
  }
}
