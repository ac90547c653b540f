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
  /// Without statistics, those that change nothing stand in for them: runtimes fuse this operator.
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) -> String {
    var statistics: [String] = []
    if !hasStatistics {
      statistics = [(0, "mean"), (1, "variance")].map { value, word in
        graph.constant(
          [Float](repeating: value, count: channels), named: "\(place.name).\(word)")
      }
    }
    return graph.add(
      "BatchNormalization", place.inputs + place.parameters + statistics,
      ["epsilon": .float(hasStatistics ? epsilon : 0)], named: place.name)
  }
}
