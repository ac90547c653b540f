/// A way to compute a convolution.
package enum ConvolutionAlgorithm: String, Sendable, CaseIterable {
  /// Products at the taps where they lie: the paper's sparse sampling.
  case direct

  /// Whether the algorithm can compute the layer.
  package func applies(to layer: Convolution) -> Bool {
    switch self {
    case .direct: true
    }
  }

  func prepare(
    _ layer: Convolution, weight: ParameterValues, bias: ParameterValues?
  ) -> any ConvolutionExecution {
    switch self {
    case .direct: DirectConvolution(layer, weight: weight, bias: bias)
    }
  }
}
