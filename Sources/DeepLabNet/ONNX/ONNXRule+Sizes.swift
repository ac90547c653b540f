import LatticeSupport

/// Layers that give their output a size.
extension BilinearResize: ONNXRule {
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) throws -> String {
    let attributes: KeyValuePairs<String, ONNXGraph.Attribute> = [
      "coordinate_transformation_mode": .text(
        corners == .aligned ? "align_corners" : "half_pixel"),
      "mode": .text("linear"),
    ]
    // The second input, the region of interest, is of other modes.
    let input = [place.inputs[0], ""]
    guard case .scaled(let factor) = size else {
      let shape = try graph.shape(of: size, at: place)
      return graph.add("Resize", input + ["", shape], attributes, named: place.name)
    }
    // Not as a size, which would change the positions where the product is rounded down. That
    // product is of float32 in ONNX: a factor that float32 does not hold may round to a
    // neighbouring size.
    let factors = graph.constant(
      [1, 1, Float(factor), Float(factor)], named: place.name + ".factors")
    return graph.add("Resize", input + [factors], attributes, named: place.name)
  }
}

extension Crop: ONNXRule {
  func addOperators(to graph: inout ONNXGraph, at place: ONNXPlace) throws -> String {
    let starts = graph.constant(offset.list, named: place.name + ".starts")
    let extent = try graph.extent(of: size, at: place)
    let ends = graph.add("Add", [starts, extent], named: place.name + ".ends")
    let axes = graph.constant([2, 3], named: place.name + ".axes")
    return graph.add("Slice", [place.inputs[0], starts, ends, axes], named: place.name)
  }
}

extension ONNXGraph {
  /// The name of the four sizes of an output that has its first input's images and channels.
  mutating func shape(of size: TargetSize, at place: ONNXPlace) throws -> String {
    let extent = try extent(of: size, at: place)
    let channels = addShape(of: place.inputs[0], 0..<2, named: place.name + ".channels")
    return add(
      "Concat", [channels, extent], ["axis": .integer(0)], named: place.name + ".shape")
  }

  /// The name of the two numbers that are a size's rows and columns.
  ///
  /// - Throws: `InputError` for broken multiples of a size, which only resizing knows in ONNX.
  fileprivate mutating func extent(of size: TargetSize, at place: ONNXPlace) throws -> String {
    let name = place.name + ".extent"
    switch size {
    case .fixed(let extent): return constant(extent.list, named: name)
    case .ofLastInput: return addShape(of: place.last, 2..<4, named: name)
    case .scaled(let factor) where factor == factor.rounded():
      let own = addShape(of: place.inputs[0], 2..<4, named: place.name + ".own")
      let factors = constant([Int(factor), Int(factor)], named: place.name + ".factors")
      return add("Mul", [own, factors], named: name)
    case .scaled(let factor):
      throw InputError(
        .usage, "has a size of \(factor) times its input's, which has no operator in ONNX",
        remedy: "give it a whole multiple, or the size of another layer's output")
    }
  }

  private mutating func addShape(
    of value: String, _ axes: Range<Int>, named name: String
  ) -> String {
    add(
      "Shape", [value], ["end": .integer(axes.upperBound), "start": .integer(axes.lowerBound)],
      named: name)
  }
}
