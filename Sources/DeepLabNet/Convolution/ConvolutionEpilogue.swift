import CKernels
import LatticeSupport

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

extension ck_epilogue {
  /// The epilogue of one image, whose results begin with the value `firstOutput` of all images'.
  init(
    _ epilogue: ConvolutionEpilogue, bias: AlignedBuffer<Float>?, firstOutput: Int, channels: Int
  ) {
    self.init(
      bias: bias.map { UnsafePointer($0.base) },
      residual: epilogue.residual.map { UnsafePointer($0.base + firstOutput) },
      residual_pitch: channels, lowest: epilogue.range.lowerBound,
      highest: epilogue.range.upperBound)
  }
}
