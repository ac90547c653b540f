import LatticeSupport
import Unaries

/// Writes networks with their weights as ONNX models, which other runtimes serve.
///
/// Operator set 17, IR version 8; see https://onnx.ai/onnx/repo-docs/IR.html. The input is called
/// `image`: preprocessed, images × channels × rows × columns. Outputs have the network's names for
/// them.
public enum ONNXExport {
  /// The sizes of the images that the model takes.
  public enum InputSize: Sendable, Hashable {
    /// One image of this size at a time.
    case fixed(height: Int, width: Int)
    /// Any number of images, of every size that the network takes; this is one of them.
    case dynamic(exampleHeight: Int, exampleWidth: Int)
  }

  private static let (intermediateRepresentation, operatorSet) = (8, 17)
  /// Protocol buffers count their bytes in 31 bits.
  private static let byteLimit = Int(Int32.max)
  static let inputName = "image"

  /// Writes a network to `path`; the file appears whole or not at all.
  ///
  /// - Parameters:
  ///   - network: what is computed.
  ///   - parameters: its weights.
  ///   - path: the file.
  ///   - size: the sizes of the images to come.
  ///   - notes: what else the file says, by keys; see `CatalogEntry.exportNotes`.
  /// - Throws: `InputError` naming a layer that has no operator in ONNX or cannot take such images;
  ///   where the model would be larger than 2 GiB; where a parameter is missing, or the file cannot
  ///   be written.
  /// - Complexity: one parameter and a block of 1 MiB in memory.
  public static func write(
    _ network: Network, parameters: any ParameterSource, to path: String, size: InputSize,
    notes: [String: String] = [:]
  ) throws {
    let message = model(try graph(of: network, size: size), notes: notes)
    guard message.byteCount <= byteLimit else {
      throw InputError(
        .data, at: path,
        "would take \(message.byteCount) bytes, but an ONNX file holds \(byteLimit) at most",
        remedy: "export a smaller network")
    }
    let shapes = Dictionary(
      network.parameters.map { ($0.name, $0.specification.shape) }, uniquingKeysWith: { $1 })
    try AtomicOutput.write(to: path) { output in
      try message.write(to: output) { name in
        let values = try parameters.values(of: name)
        precondition(values.shape == shapes[name], "\(name) of the shape \(values.shape)")
        try values.write(as: .float32, to: output)
      }
    }
  }

  /// `ModelProto` of `onnx.proto`.
  private static func model(_ graph: ONNXGraph, notes: [String: String]) -> ProtobufMessage {
    var message = ProtobufMessage()
    message.add(1, intermediateRepresentation)
    message.add(2, "LatticeCRF")
    message.add(3, Version.current)
    message.add(7, graph.message)
    var operators = ProtobufMessage()
    operators.add(2, operatorSet)
    message.add(8, operators)
    for (key, value) in notes.sorted(by: { $0.key < $1.key }) {
      var note = ProtobufMessage()
      note.add(1, key)
      note.add(2, value)
      message.add(14, note)
    }
    return message
  }

  private static func graph(of network: Network, size: InputSize) throws -> ONNXGraph {
    var graph = ONNXGraph(name: "network")
    let (image, shapes) = try network.shapes(size)
    graph.inputs = [ONNXGraph.Value(name: inputName, extents: size.extents(image, of: inputName))]
    try network.checkSwitches()
    var values: [String] = []
    func value(of source: Network.Source) -> String {
      switch source {
      case .image: inputName
      case .node(let index): values[index]
      }
    }
    for node in network.nodes {
      values.append(try graph.add(node, inputs: node.inputs.map(value)))
    }
    for output in network.outputs {
      let extents = size.extents(output.source.shape(in: shapes, image), of: output.name)
      graph.addOutput(.init(name: output.name, extents: extents), equalTo: value(of: output.source))
    }
    return graph
  }
}

extension ONNXGraph {
  /// Adds what computes a layer and returns the value that is its output.
  fileprivate mutating func add(_ node: Network.Node, inputs: [String]) throws -> String {
    do {
      guard let layer = node.layer as? any ONNXRule else {
        throw InputError(
          .usage, "a \(node.layer.kind) has no operator in ONNX", remedy: "export another network")
      }
      let parameters = layer.parameters.map { specification in
        let name = "\(node.name).\(specification.name)"
        add(parameter: name, shape: specification.shape)
        return name
      }
      return try layer.addOperators(
        to: &self, at: ONNXPlace(name: node.name, inputs: inputs, parameters: parameters))
    } catch let error as InputError {
      throw error.at("layer \(node.name)")
    }
  }
}

extension ONNXExport.InputSize {
  /// A tensor's sizes as ONNX orders them.
  fileprivate func extents(_ shape: TensorShape, of name: String) -> [ONNXGraph.Value.Extent] {
    switch self {
    case .fixed:
      [.fixed(shape.batch), .fixed(shape.channels), .fixed(shape.height), .fixed(shape.width)]
    case .dynamic:
      [
        .named("images"), .fixed(shape.channels), .named(name + "_height"), .named(name + "_width"),
      ]
    }
  }
}

extension Network {
  /// The shapes of the input and of every node's output.
  fileprivate func shapes(
    _ size: ONNXExport.InputSize
  ) throws -> (image: TensorShape, nodes: [TensorShape]) {
    switch size {
    case .fixed(let height, let width), .dynamic(let height, let width):
      (
        TensorShape(height: height, width: width, channels: inputChannels),
        try shapes(height: height, width: width)
      )
    }
  }

  /// The positions of maxima are numbered differently in ONNX: nothing but unpooling may take them.
  ///
  /// - Throws: `InputError` naming switches that something else takes.
  fileprivate func checkSwitches() throws {
    let others =
      outputs.map(\.source)
      + nodes.flatMap { node in
        node.layer is MaxUnpool ? [node.inputs[0]] : node.inputs
      }
    for case .node(let index) in others where nodes[index].layer is MaxPoolSwitches {
      throw InputError(
        .usage, at: "layer \(nodes[index].name)",
        "pool switches are numbered differently in ONNX, where only max unpool may take them",
        remedy: "export another network")
    }
  }
}
