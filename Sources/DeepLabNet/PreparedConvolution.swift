import Support

/// A convolution whose weights have been brought into the order in which they are read.
package struct PreparedConvolution: Sendable {
  init(_ layer: Convolution, weight: ParameterValues, bias: ParameterValues?) {}

  func apply(to input: Tensor, into output: Tensor, parallelism: Parallelism) {}
}
