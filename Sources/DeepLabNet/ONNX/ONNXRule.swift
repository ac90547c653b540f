/// A layer that operators of ONNX can compute.
///
/// Tensors are N × C × H × W there, which is the order of parameters here too.
protocol ONNXRule: Layer {
  /// Adds operators that compute the layer.
  ///
  /// - Returns: the name of the value that is the layer's output.
  /// - Throws: `InputError` where ONNX cannot do what this layer does.
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) throws -> String
}

/// Where a layer stands in a graph.
struct ONNXPlace {
  /// The layer's name.
  let name: String
  /// The values that it takes.
  let inputs: [String]
  /// The constants that are its parameters, in its order.
  let parameters: [String]

  /// The value that gives a layer its size where it is that of its last input.
  var last: String { inputs[inputs.count - 1] }
}

extension ConvolutionGeometry.Extent {
  /// As ONNX has it.
  var list: [Int] { [rows, columns] }
}
