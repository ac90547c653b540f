/// A graph of ONNX: operators in an order in which they can be computed, and the constants that
/// they take.
struct ONNXGraph {
  /// An operator in its place.
  struct Node {
    let operation: String
    let name: String
    let inputs: [String]
    let outputs: [String]
    let attributes: KeyValuePairs<String, Attribute>
  }

  /// What is set for an operator, beside its inputs.
  enum Attribute {
    case integer(Int)
    case integers([Int])
    case float(Float)
    case text(String)
  }

  /// A constant.
  struct Initializer {
    enum Content {
      /// Floats that a parameter source has under the constant's name.
      case parameter
      case floats([Float])
      case integers([Int])
    }

    let name: String
    let shape: [Int]
    let content: Content
  }

  /// An input or an output of the graph: a tensor of floats.
  struct Value {
    enum Extent {
      case fixed(Int)
      /// Any, but the same wherever this name stands.
      case named(String)
    }

    let name: String
    let extents: [Extent]
  }

  let name: String
  private(set) var nodes: [Node] = []
  private(set) var initializers: [Initializer] = []
  var inputs: [Value] = []
  var outputs: [Value] = []

  init(name: String) {
    self.name = name
  }

  /// Adds an operator.
  ///
  /// - Parameters:
  ///   - operation: what ONNX calls it.
  ///   - inputs: the names of values.
  ///   - attributes: all that are not as ONNX has them by default.
  ///   - name: the operator's own; its output is called `name.output`, which no input of the graph
  ///     and no parameter of a layer is.
  ///   - unused: outputs before the one that is meant.
  /// - Returns: the name of the output.
  mutating func add(
    _ operation: String, _ inputs: [String],
    _ attributes: KeyValuePairs<String, Attribute> = [:], named name: String,
    unused: [String] = []
  ) -> String {
    let output = name + ".output"
    nodes.append(
      Node(
        operation: operation, name: name, inputs: inputs, outputs: unused + [output],
        attributes: attributes))
    return output
  }

  /// Adds an operator whose output is one of the graph's.
  mutating func addOutput(_ value: Value, equalTo source: String) {
    nodes.append(
      Node(
        operation: "Identity", name: value.name, inputs: [source], outputs: [value.name],
        attributes: [:]))
    outputs.append(value)
  }

  /// Adds a parameter.
  mutating func add(parameter name: String, shape: [Int]) {
    initializers.append(Initializer(name: name, shape: shape, content: .parameter))
  }

  /// Adds a single number and returns its name.
  mutating func constant(_ value: Float, named name: String) -> String {
    initializers.append(Initializer(name: name, shape: [], content: .floats([value])))
    return name
  }

  /// Adds a list of floats and returns its name.
  mutating func constant(_ values: [Float], named name: String) -> String {
    initializers.append(Initializer(name: name, shape: [values.count], content: .floats(values)))
    return name
  }

  /// Adds a list of whole numbers and returns its name.
  mutating func constant(_ values: [Int], named name: String) -> String {
    initializers.append(
      Initializer(name: name, shape: [values.count], content: .integers(values)))
    return name
  }
}
