import CKernels
import LatticeSupport

extension ck_convolution {
  /// All but the weights of one image's convolution.
  ///
  /// - Parameters:
  ///   - geometry: how the window moves.
  ///   - input: the images.
  ///   - output: memory for the results.
  ///   - image: which of the images.
  ///   - bias: one value an output channel.
  ///   - epilogue: what happens to the sums.
  init(
    _ geometry: ConvolutionGeometry, from input: Tensor, to output: Tensor, image: Int,
    bias: AlignedBuffer<Float>?, epilogue: ConvolutionEpilogue
  ) {
    let (from, to) = (input.shape, output.shape)
    let firstOutput = image * to.height * to.width * to.channels
    self.init()
    self.input = UnsafePointer(input.base + image * from.height * from.width * from.channels)
    (height, width, input_pitch) = (Int32(from.height), Int32(from.width), from.channels)
    (kernel_rows, kernel_columns) = geometry.kernelSize.pair
    (stride_rows, stride_columns) = geometry.stride.pair
    (padding_rows, padding_columns) = geometry.padding.pair
    (rate_rows, rate_columns) = geometry.rate.pair
    output_width = Int32(to.width)
    self.output = output.base + firstOutput
    (output_pitch, output_channels) = (to.channels, to.channels)
    self.epilogue = ck_epilogue(
      epilogue, bias: bias, firstOutput: firstOutput, channels: to.channels)
  }

  /// The same for `outputs` output channels from `firstOutput` on, whose inputs begin with
  /// `firstInput`.
  func part(firstInput: Int, firstOutput: Int, outputs: Int) -> ck_convolution {
    var part = self
    part.input += firstInput
    part.output += firstOutput
    part.output_channels = outputs
    part.epilogue.bias = epilogue.bias.map { $0 + firstOutput }
    part.epilogue.residual = epilogue.residual.map { $0 + firstOutput }
    return part
  }
}

extension ConvolutionGeometry.Extent {
  /// Both sizes as the kernels take them.
  var pair: (Int32, Int32) { (Int32(rows), Int32(columns)) }
}
