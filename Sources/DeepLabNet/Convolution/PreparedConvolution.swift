import LatticeSupport

/// A convolution whose weights have been brought into the order in which its algorithm reads them.
package struct PreparedConvolution: Sendable {
  package let layer: Convolution
  private let execution: any ConvolutionExecution

  /// - Parameters:
  ///   - layer: the convolution.
  ///   - weight: of the layer's shape.
  ///   - bias: one value an output channel, or none.
  ///   - algorithm: one that the layer allows.
  ///   - parallelism: the threads that bring the weights into order.
  package init(
    _ layer: Convolution, weight: ParameterValues, bias: ParameterValues?,
    algorithm: ConvolutionAlgorithm = .direct, parallelism: Parallelism = .automatic
  ) {
    precondition(
      weight.shape == layer.parameters[0].shape, "\(weight.shape) are not this layer's weights")
    self.layer = layer
    execution = algorithm.prepare(
      layer, weight: weight, bias: bias, parallelism: parallelism)
  }

  /// Computes the output, on the threads of `parallelism`.
  ///
  /// - Parameters:
  ///   - input: a tensor that the layer accepts.
  ///   - output: memory of the layer's output shape.
  ///   - epilogue: what happens to the sums before they are written.
  ///   - parallelism: the threads to use.
  package func apply(
    to input: Tensor, into output: Tensor, epilogue: ConvolutionEpilogue = ConvolutionEpilogue(),
    parallelism: Parallelism
  ) {
    execution.apply(to: input, into: output, epilogue: epilogue, parallelism: parallelism)
  }
}

/// One way to compute a convolution, with the weights as it wants them.
protocol ConvolutionExecution: Sendable {
  func apply(
    to input: Tensor, into output: Tensor, epilogue: ConvolutionEpilogue, parallelism: Parallelism)
}
