/// The messages of `onnx.proto` that a graph consists of; numbers of fields and enumerations are
/// from there.
extension ONNXGraph {
  /// `GraphProto`.
  var message: ProtobufMessage {
    var message = ProtobufMessage()
    for node in nodes { message.add(1, node.message) }
    message.add(2, name)
    for initializer in initializers { message.add(5, initializer.message) }
    for input in inputs { message.add(11, input.message) }
    for output in outputs { message.add(12, output.message) }
    return message
  }
}

extension ONNXGraph.Node {
  /// `NodeProto`.
  fileprivate var message: ProtobufMessage {
    var message = ProtobufMessage()
    for input in inputs { message.add(1, input) }
    for output in outputs { message.add(2, output) }
    message.add(3, name)
    message.add(4, operation)
    for (name, attribute) in attributes { message.add(5, attribute.message(named: name)) }
    return message
  }
}

extension ONNXGraph.Attribute {
  /// `AttributeProto`.
  fileprivate func message(named name: String) -> ProtobufMessage {
    let typeField = 20
    var message = ProtobufMessage()
    message.add(1, name)
    switch self {
    case .float(let value):
      message.add(2, value)
      message.add(typeField, 1)
    case .integer(let value):
      message.add(3, value)
      message.add(typeField, 2)
    case .text(let text):
      message.add(4, text)
      message.add(typeField, 3)
    case .integers(let values):
      for value in values { message.add(8, value) }
      message.add(typeField, 7)
    }
    return message
  }
}

/// `TensorProto.DataType`.
private enum ElementType: Int {
  case float = 1
  case int64 = 7
}

extension ONNXGraph.Initializer {
  /// `TensorProto`, with numbers as they lie in memory.
  fileprivate var message: ProtobufMessage {
    let rawData = 9
    var message = ProtobufMessage()
    for extent in shape { message.add(1, extent) }
    message.add(2, elementType.rawValue)
    message.add(8, name)
    switch content {
    case .parameter:
      let count = shape.reduce(1, *)
      message.add(rawData, gapFor: name, byteCount: count * MemoryLayout<Float>.size)
    case .floats(let values):
      message.add(rawData, Self.bytes(values.map(\.bitPattern.littleEndian)))
    case .integers(let values):
      message.add(rawData, Self.bytes(values.map { Int64($0).littleEndian }))
    }
    return message
  }

  private var elementType: ElementType {
    if case .integers = content { .int64 } else { .float }
  }

  private static func bytes<Number: BitwiseCopyable>(_ numbers: [Number]) -> [UInt8] {
    numbers.withUnsafeBytes { Array($0) }
  }
}

extension ONNXGraph.Value {
  /// `ValueInfoProto` around `TypeProto`, `TypeProto.Tensor` and `TensorShapeProto`.
  fileprivate var message: ProtobufMessage {
    var shape = ProtobufMessage()
    for extent in extents {
      var dimension = ProtobufMessage()
      switch extent {
      case .fixed(let value): dimension.add(1, value)
      case .named(let name): dimension.add(2, name)
      }
      shape.add(1, dimension)
    }
    var tensor = ProtobufMessage()
    tensor.add(1, ElementType.float.rawValue)
    tensor.add(2, shape)
    var type = ProtobufMessage()
    type.add(1, tensor)
    var message = ProtobufMessage()
    message.add(1, name)
    message.add(2, type)
    return message
  }
}
