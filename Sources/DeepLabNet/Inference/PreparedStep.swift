import LatticeSupport

/// A step with the parameters that it needs.
struct PreparedStep: Sendable {
  private enum Work: Sendable {
    case convolution(PreparedConvolution, ClosedRange<Float>)
    case layer(any Layer, [ParameterValues])
  }

  let step: FusedStep
  /// How a convolution is computed; `nil` for other layers.
  let algorithm: ConvolutionAlgorithm?
  private let work: Work

  init(
    _ step: FusedStep, of graph: SimplifiedGraph, parameters: any ParameterSource,
    input: TensorShape, algorithm forced: ConvolutionAlgorithm?
  ) throws {
    self.step = step
    let node = graph.nodes[step.node]
    let values = try parameters.values(for: node)
    guard let convolution = node.layer.asConvolution else {
      algorithm = nil
      work = .layer(node.layer, values)
      return
    }
    var folded = FoldedConvolution(node.layer, as: convolution, consume values)
    let fused = step.fused ?? FusedStep.FusedConvolution()
    if let index = fused.normalization,
      let normalization = graph.nodes[index].layer as? BatchNormalization
    {
      folded.fold(normalization, try parameters.values(for: graph.nodes[index]))
    }
    let algorithm =
      forced.flatMap { $0.applies(to: folded.layer) ? $0 : nil }
      ?? .fastest(for: folded.layer, input: input)
    self.algorithm = algorithm
    work = .convolution(
      PreparedConvolution(
        folded.layer, weight: folded.weight, bias: folded.bias, algorithm: algorithm),
      fused.range)
  }

  func run(
    _ inputs: [Tensor], residual: Tensor?, into output: Tensor, parallelism: Parallelism
  ) {
    switch work {
    case .convolution(let convolution, let range):
      convolution.apply(
        to: inputs[0], into: output,
        epilogue: ConvolutionEpilogue(residual: residual, range: range), parallelism: parallelism)
    case .layer(let layer, let values):
      layer.forward(inputs, parameters: values, into: output, parallelism: parallelism)
    }
  }
}

extension ParameterSource {
  /// The values of a node's parameters, in its layer's order.
  fileprivate func values(for node: Network.Node) throws -> [ParameterValues] {
    try node.layer.parameters.map { specification in
      let name = "\(node.name).\(specification.name)"
      let values = try values(of: name)
      try values.check(name, isShaped: specification.shape)
      return values
    }
  }
}
