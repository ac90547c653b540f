/// Layers with parameters.
extension Convolution: ONNXRule {
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) -> String {
    graph.add(
      "Conv", place.inputs + place.parameters,
      [
        "dilations": .integers(geometry.rate.list), "group": .integer(groups),
        "kernel_shape": .integers(geometry.kernelSize.list), "pads": .integers(geometry.pads),
        "strides": .integers(geometry.stride.list),
      ], named: place.name)
  }
}

extension TransposedConvolution: ONNXRule {
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) -> String {
    graph.add(
      "ConvTranspose", place.inputs + place.parameters,
      [
        "dilations": .integers(geometry.rate.list), "group": .integer(groups),
        "kernel_shape": .integers(geometry.kernelSize.list),
        "output_padding": .integers(outputPadding.list), "pads": .integers(geometry.pads),
        "strides": .integers(geometry.stride.list),
      ], named: place.name)
  }
}

extension ConvolutionGeometry {
  /// Above, left, below, right.
  fileprivate var pads: [Int] { padding.list + padding.list }
}

extension BatchNormalization: ONNXRule {
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) -> String {
    graph.add(
      "BatchNormalization", place.inputs + place.parameters, ["epsilon": .float(epsilon)],
      named: place.name)
  }
}
