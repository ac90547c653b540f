/// Pools. Windows that the map does not fill are had by padding at the end, since releases of ONNX
/// and of its runtimes disagree on what rounding up means for the last of them.
extension PoolingGeometry {
  /// The padding at the end with which rounding down gives as many windows as this geometry.
  ///
  /// Rounding up, the last window starts at the latest ⌈(n + 2p − k)/s⌉ · s, and before n + p. Both
  /// bounds together are ⌊(n + p + e − k)/s⌋ · s for e = min(p + s − 1, k − 1).
  private func endPadding(_ axis: KeyPath<ConvolutionGeometry.Extent, Int>) -> Int {
    let border = padding[keyPath: axis]
    switch rounding {
    case .floor: return border
    case .ceiling:
      return min(border + stride[keyPath: axis], kernelSize[keyPath: axis]) - 1
    }
  }

  fileprivate var endPadding: ConvolutionGeometry.Extent {
    .init(rows: endPadding(\.rows), columns: endPadding(\.columns))
  }

  /// The attributes of a pool of maxima.
  fileprivate var attributes: KeyValuePairs<String, ONNXGraph.Attribute> {
    [
      "kernel_shape": .integers(kernelSize.list),
      "pads": .integers(padding.list + endPadding.list), "strides": .integers(stride.list),
    ]
  }
}

extension MaxPool: ONNXRule {
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) -> String {
    graph.add("MaxPool", place.inputs, geometry.attributes, named: place.name)
  }
}

extension MaxPoolSwitches: ONNXRule {
  /// The pool's second output. ONNX counts positions over all channels and images, as its
  /// `MaxUnpool` does.
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) -> String {
    graph.add(
      "MaxPool", place.inputs, geometry.attributes, named: place.name,
      unused: [place.name + ".maxima"])
  }
}

extension MaxUnpool: ONNXRule {
  /// With windows of one position, any size is large enough for ONNX; the switches say the rest.
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) throws -> String {
    let shape = try graph.shape(of: size, at: place)
    return graph.add(
      "MaxUnpool", place.inputs.prefix(2) + [shape],
      ["kernel_shape": .integers([1, 1]), "strides": .integers([1, 1])], named: place.name)
  }
}

extension AveragePool: ONNXRule {
  /// Padding that counts, beside padding that does not since it only stands for windows that are
  /// cut off, becomes part of the map.
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) -> String {
    let (padding, end) = (geometry.padding, geometry.endPadding)
    guard countsPadding, end != padding, padding != 0 else {
      return graph.addAverage(
        of: place.inputs[0], geometry, before: padding, behind: end,
        countsPadding: countsPadding && end == padding, named: place.name)
    }
    let border = [0, 0] + padding.list
    let pads = graph.constant(border + border, named: place.name + ".border")
    let map = graph.add("Pad", [place.inputs[0], pads], named: place.name + ".padded")
    return graph.addAverage(
      of: map, geometry, before: 0,
      behind: .init(rows: end.rows - padding.rows, columns: end.columns - padding.columns),
      countsPadding: false, named: place.name)
  }
}

extension ONNXGraph {
  fileprivate mutating func addAverage(
    of map: String, _ geometry: PoolingGeometry, before: ConvolutionGeometry.Extent,
    behind: ConvolutionGeometry.Extent, countsPadding: Bool, named name: String
  ) -> String {
    add(
      "AveragePool", [map],
      [
        "count_include_pad": .integer(countsPadding ? 1 : 0),
        "kernel_shape": .integers(geometry.kernelSize.list),
        "pads": .integers(before.list + behind.list),
        "strides": .integers(geometry.stride.list),
      ], named: name)
  }
}

extension GlobalAveragePool: ONNXRule {
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) -> String {
    graph.add("GlobalAveragePool", place.inputs, named: place.name)
  }
}
