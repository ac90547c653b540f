import LatticeSupport

/// What training computes in one go: a layer, or several that pass through memory together.
struct TrainingStep: Sendable {
  /// What is computed.
  enum Operation: Sendable {
    /// A convolution whose results are clamped to a range: a ReLU behind it costs nothing.
    case convolution(Convolution)
    /// A batch normalisation, to which a second input may be added, clamped to a range.
    case normalization(BatchNormalization, usesBatch: Bool)
    /// A dropout.
    case dropout(Dropout)
    /// Any other layer, by itself.
    case layer(any Layer)
  }

  /// The name of the first layer.
  var name: String
  var operation: Operation
  /// Where its inputs come from; nodes are steps here.
  var inputs: [Network.Source]
  /// Where its parameters stand among the network's.
  var parameters: [Int]
  /// What its results are clamped to, where they are.
  var range: ClosedRange<Float>?
  /// Whether the loss's change with any of its parameters is wanted.
  var learns = false
  /// Whether the loss's change with any of its inputs is wanted.
  var passesOn = false

  /// Whether it is a batch normalisation by statistics of a batch that has one value of each
  /// channel, where outputs have these shapes.
  func seesOneValue(_ shapes: [TensorShape], _ image: TensorShape) -> Bool {
    guard case .normalization(_, usesBatch: true) = operation else { return false }
    return inputs[0].shape(in: shapes, image).positions == 1
  }

  /// Whether the backward pass comes here.
  var isSwept: Bool { learns || passesOn }

  /// Whether the backward pass reads this step's inputs.
  var readsInputs: Bool {
    switch operation {
    case .convolution: learns
    case .normalization(_, let usesBatch): usesBatch || learns
    case .dropout: false
    case .layer(let layer): layer.backwardReads.contains(.inputs)
    }
  }

  /// Whether the backward pass reads this step's output.
  var readsOutput: Bool {
    guard range == nil else { return true }
    switch operation {
    case .convolution, .normalization, .dropout: return false
    case .layer(let layer): return layer.backwardReads.contains(.output)
    }
  }

  /// The output's shape.
  ///
  /// - Throws: `InputError` naming the layer that cannot take its inputs.
  func outputShape(for inputs: [TensorShape]) throws -> TensorShape {
    do {
      switch operation {
      case .convolution(let layer): return try layer.outputShape(for: inputs)
      case .normalization(let layer, _):
        // The second input, if there is one, is added to the first.
        _ = try layer.outputShape(for: [inputs[0]])
        return try inputs.count > 1 ? Sum().outputShape(for: inputs) : inputs[0]
      case .dropout: return inputs[0]
      case .layer(let layer): return try layer.outputShape(for: inputs)
      }
    } catch let error as InputError {
      throw error.at("layer \(name)")
    }
  }
}
