/// A network: layers, what each takes its inputs from, and the names of its outputs.
///
/// A description without weights and without an image size; the same network serves any size that
/// its layers accept. Nodes stand in an order in which they can be computed.
public struct Network: Sendable {
  /// A layer in its place.
  public struct Node: Sendable {
    /// The layer's name, unique in the network; its parameters are called `name.parameter`.
    public let name: String
    /// What is computed.
    public let layer: any Layer
    /// Where the inputs come from.
    public let inputs: [Source]
  }

  /// Something that a node can take as an input.
  public enum Source: Sendable, Hashable {
    /// The network's own input: a preprocessed image.
    case image
    /// The output of the node with this index.
    case node(Int)
  }

  /// Channels of the input: 3 for photographs.
  public let inputChannels: Int
  /// The layers.
  public let nodes: [Node]
  /// The named results, the most important first.
  public let outputs: [(name: String, source: Source)]

  package init(inputChannels: Int, nodes: [Node], outputs: [(name: String, source: Source)]) {
    self.inputChannels = inputChannels
    self.nodes = nodes
    self.outputs = outputs
  }

  /// All parameters by their full names, in the order of the nodes.
  public var parameters: [(name: String, specification: ParameterSpecification)] {
    nodes.flatMap { node in
      node.layer.parameters.map { ("\(node.name).\($0.name)", $0) }
    }
  }

  /// The number of values that training changes.
  public var learnedParameterCount: Int {
    parameters.lazy.filter(\.specification.isLearned).map(\.specification.count).reduce(0, +)
  }

  /// The shape of every node's output for an input of `height` × `width`, in the order of the
  /// nodes.
  ///
  /// - Throws: `InputError` naming the layer that cannot take its inputs.
  public func shapes(height: Int, width: Int, batch: Int = 1) throws -> [TensorShape] {
    let image = TensorShape(batch: batch, height: height, width: width, channels: inputChannels)
    var shapes: [TensorShape] = []
    for node in nodes {
      shapes.append(try node.outputShape(for: node.inputs.map { $0.shape(in: shapes, image) }))
    }
    return shapes
  }

  /// Multiply-adds of the convolutions for one image of `height` × `width`.
  public func multiplyAdds(height: Int, width: Int) throws -> Int {
    let image = TensorShape(height: height, width: width, channels: inputChannels)
    let shapes = try shapes(height: height, width: width)
    return try nodes.reduce(0) { sum, node in
      sum + (try node.layer.multiplyAdds(for: node.inputs.map { $0.shape(in: shapes, image) }))
    }
  }
}

extension Network.Source {
  /// The shape of the source among those of all nodes.
  package func shape(in shapes: [TensorShape], _ image: TensorShape) -> TensorShape {
    switch self {
    case .image: image
    case .node(let index): shapes[index]
    }
  }
}
