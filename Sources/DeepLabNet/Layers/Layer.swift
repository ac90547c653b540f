import LatticeSupport

/// One operation of a network: what comes in, what its parameters are, what goes out.
///
/// A layer holds no values: the parameters are handed to it, so that one description serves
/// inference, training and counting. A conformer has one output.
public protocol Layer: Sendable {
  /// What kind of layer it is, in one or two words, for tables and messages.
  var kind: String { get }

  /// The parameters, in the order in which `forward` takes their values.
  var parameters: [ParameterSpecification] { get }

  /// The output's shape for inputs of the given shapes.
  ///
  /// - Throws: `InputError` where the layer cannot take them; names what it can.
  func outputShape(for inputs: [TensorShape]) throws -> TensorShape

  /// Multiply-adds of one forward pass, as papers count them: those of convolutions alone.
  func multiplyAdds(for inputs: [TensorShape]) throws -> Int

  /// Computes the output.
  ///
  /// - Parameters:
  ///   - inputs: of shapes that `outputShape` accepts.
  ///   - parameters: values for `self.parameters`, in that order.
  ///   - output: memory of the output's shape, with unspecified contents; shares none with the
  ///     inputs.
  ///   - parallelism: the threads to use.
  func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism)

  /// The tensors of the forward pass whose values or shapes `backward` reads. Training keeps
  /// nothing else.
  var backwardReads: BackwardReads { get }

  /// Computes how a loss changes with the inputs and the parameters.
  ///
  /// - Parameters:
  ///   - gradient: how the loss changes with the output; of the output's shape.
  ///   - inputs: those of the forward pass; where `backwardReads` lacks them, any tensors.
  ///   - output: what `forward` has made of them; where `backwardReads` lacks it, any tensor.
  ///   - parameters: those of the forward pass.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where the layer has no gradient.
  func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients
}

extension Layer {
  /// Most layers have nothing to learn.
  public var parameters: [ParameterSpecification] { [] }

  /// Only convolutions count.
  public func multiplyAdds(for inputs: [TensorShape]) throws -> Int { 0 }

  /// A layer may read everything.
  public var backwardReads: BackwardReads { [.inputs, .output] }

  /// A layer may be for inference alone.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    throw InputError(
      .usage, "\(kind) layers have no gradient", remedy: "train a network without them")
  }
}
