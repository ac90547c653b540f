import LatticeSupport

/// Checks of the shapes that a layer is given; the network adds the layer's name to their errors.
extension Layer {
  /// The shape of the only input.
  func only(_ inputs: [TensorShape]) -> TensorShape {
    precondition(inputs.count == 1, "\(kind): \(inputs.count) inputs instead of one")
    return inputs[0]
  }

  /// The shape that all inputs have.
  func common(_ inputs: [TensorShape]) throws -> TensorShape {
    let first = try sameGrid(inputs)
    guard let other = inputs.first(where: { $0.channels != first.channels }) else { return first }
    throw InputError(
      .data, "takes inputs of one shape, but they are \(first) and \(other)",
      remedy: "give all inputs as many channels as the first")
  }

  /// The first input's shape; all have its batch, height and width.
  func sameGrid(_ inputs: [TensorShape]) throws -> TensorShape {
    precondition(!inputs.isEmpty, "\(kind): no input")
    for input in inputs {
      guard input.with(channels: 1) == inputs[0].with(channels: 1) else {
        throw InputError(
          .data, "takes inputs of one height and width, but they are \(inputs[0]) and \(input)",
          remedy: "resize or crop one of them first")
      }
    }
    return inputs[0]
  }

  /// Refuses an input that does not have `channels` channels.
  func check(_ input: TensorShape, has channels: Int) throws {
    guard input.channels == channels else {
      throw InputError(
        .data, "takes \(channels) channels, but its input has \(input.channels)")
    }
  }
}
