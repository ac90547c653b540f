import LatticeSupport

extension Layer {
  /// The layer's output in a tensor of its own.
  ///
  /// - Throws: `InputError` where the layer cannot take the inputs.
  package func output(
    for inputs: [Tensor], parameters: [ParameterValues] = [],
    parallelism: Parallelism = .automatic
  ) throws -> Tensor {
    let output = Tensor(uninitialized: try outputShape(for: inputs.map(\.shape)))
    forward(inputs, parameters: parameters, into: output, parallelism: parallelism)
    return output
  }
}
