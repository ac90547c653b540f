import Testing

/// What an exported file says, by the numbers of `onnx.proto`.
struct ONNXFile {
  /// IR version and operator set.
  let versions: [Int]
  let notes: [String: String]
  /// `Operator(inputs) → outputs`, in order.
  let nodes: [String]
  /// The attributes of each node by its name, as text.
  let attributes: [String: [String: String]]
  /// Shape and bytes of each constant.
  let constants: [String: (shape: [Int], bytes: [UInt8])]
  /// Inputs and outputs: `name: sizes`.
  let inputs: [String]
  let outputs: [String]

  init(_ bytes: [UInt8]) throws {
    let model = try WireMessage(bytes[...])
    versions = try model.integers(1) + model.messages(8).flatMap { $0.integers(2) }
    notes = try Dictionary(
      uniqueKeysWithValues: model.messages(14).map { ($0.texts(1)[0], $0.texts(2)[0]) })
    let graph = try #require(try model.messages(7).first)
    let nodes = try graph.messages(1)
    self.nodes = nodes.map { node in
      "\(node.texts(4)[0])(\(node.texts(1).joined(separator: ", "))) → "
        + node.texts(2).joined(separator: ", ")
    }
    attributes = try Dictionary(
      uniqueKeysWithValues: nodes.map { node in
        let pairs = try node.messages(5).map { ($0.texts(1)[0], try Self.value(of: $0)) }
        return (node.texts(3)[0], Dictionary(uniqueKeysWithValues: pairs))
      })
    constants = try Dictionary(
      uniqueKeysWithValues: graph.messages(5).map {
        ($0.texts(8)[0], ($0.integers(1), Array($0.bytes(9)[0])))
      })
    inputs = try graph.messages(11).map(Self.text)
    outputs = try graph.messages(12).map(Self.text)
  }

  private static func value(of attribute: WireMessage) throws -> String {
    let type = try #require(attribute.integers(20).first)
    switch type {
    case 1: return attribute.floats(2).map(\.description).joined()
    case 2: return attribute.integers(3).map(String.init).joined()
    case 3: return attribute.texts(4).joined()
    case 7: return "\(attribute.integers(8))"
    default: throw UnknownType(type: type)
    }
  }

  private struct UnknownType: Error { let type: Int }

  private static func text(of value: WireMessage) throws -> String {
    let tensor = try #require(try value.messages(2).first?.messages(1).first)
    let dimensions = try #require(try tensor.messages(2).first?.messages(1))
    let sizes = dimensions.map { $0.texts(2).first ?? "\($0.integers(1)[0])" }
    return "\(value.texts(1)[0]): \(sizes.joined(separator: " × "))"
  }
}
