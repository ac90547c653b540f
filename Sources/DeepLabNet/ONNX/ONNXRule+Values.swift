/// Layers whose output has the positions of their inputs.
extension Activation: ONNXRule {
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) -> String {
    switch self {
    case .relu: return graph.add("Relu", place.inputs, named: place.name)
    case .relu6:
      let limits = [
        graph.constant(0, named: place.name + ".least"),
        graph.constant(6, named: place.name + ".largest"),
      ]
      return graph.add("Clip", place.inputs + limits, named: place.name)
    case .hardSigmoid:
      return graph.add(
        "HardSigmoid", place.inputs, ["alpha": .float(1 / 6), "beta": .float(0.5)],
        named: place.name)
    case .hardSwish: return graph.add("HardSwish", place.inputs, named: place.name)
    }
  }
}

extension Concatenation: ONNXRule {
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) -> String {
    graph.add("Concat", place.inputs, ["axis": .integer(1)], named: place.name)
  }
}

extension Sum: ONNXRule {
  /// Two inputs become `Add`, which runtimes fuse with convolutions.
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) -> String {
    graph.add(place.inputs.count == 2 ? "Add" : "Sum", place.inputs, named: place.name)
  }
}

extension ElementwiseMax: ONNXRule {
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) -> String {
    graph.add("Max", place.inputs, named: place.name)
  }
}

extension Scale: ONNXRule {
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) -> String {
    let factor = graph.constant(factor, named: place.name + ".factor")
    return graph.add("Mul", place.inputs + [factor], named: place.name)
  }
}

extension ChannelScale: ONNXRule {
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) -> String {
    graph.add("Mul", place.inputs, named: place.name)
  }
}

extension Softmax: ONNXRule {
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) -> String {
    graph.add("Softmax", place.inputs, ["axis": .integer(1)], named: place.name)
  }
}

extension Dropout: ONNXRule {
  /// Nothing: it drops in training only.
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) -> String { place.inputs[0] }
}
