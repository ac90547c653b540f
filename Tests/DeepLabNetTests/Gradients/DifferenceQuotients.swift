import DeepLabNet
import LatticeSupport

/// Gradients of Σ gradient · output by differences, for layers that compute in float32.
///
/// The sum is taken in float64. A quotient of five points is exact for polynomials of the fourth
/// degree, so that what is left is the rounding of the outputs, divided by the step.
struct DifferenceQuotients {
  let layer: any Layer
  let inputs: [Tensor]
  let parameters: [ParameterValues]
  let gradient: Tensor
  /// How far values are moved.
  let step: Float

  /// For every value of an input.
  func ofInput(_ index: Int) throws -> [Double] {
    try (0..<inputs[index].shape.count).map { position in
      try quotient { move in
        var moved = inputs
        var values = moved[index].values()
        values[position] += move
        moved[index] = Tensor(moved[index].shape, values: values)
        return try loss(moved, parameters)
      }
    }
  }

  /// For every value of a parameter.
  func ofParameter(_ index: Int) throws -> [Double] {
    try (0..<parameters[index].count).map { position in
      try quotient { move in
        var moved = parameters
        var values = moved[index].values()
        values[position] += move
        moved[index] = ParameterValues(shape: moved[index].shape, values: values)
        return try loss(inputs, moved)
      }
    }
  }

  private func loss(_ inputs: [Tensor], _ parameters: [ParameterValues]) throws -> Double {
    let output = try run(layer, inputs, parameters).values()
    return zip(output, gradient.values()).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  /// (8 (f(h) − f(−h)) − (f(2h) − f(−2h))) / 12h
  private func quotient(_ loss: (Float) throws -> Double) rethrows -> Double {
    let near = try loss(step) - loss(-step)
    let far = try loss(2 * step) - loss(-2 * step)
    return (8 * near - far) / (12 * Double(step))
  }
}
