/// What happens to a convolution's sums before they are written.
package struct ConvolutionEpilogue {
  /// Added position by position; of the output's shape, and possibly the output itself.
  package var residual: Tensor?
  /// The range that results are clamped to.
  package var range: ClosedRange<Float>

  /// Sums stay as they are.
  package init(
    residual: Tensor? = nil, range: ClosedRange<Float> = -Float.infinity...Float.infinity
  ) {
    self.residual = residual
    self.range = range
  }
}
