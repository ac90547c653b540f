import CKernels
import Support

/// Matrix products at shifted positions, straight from the tensor: the paper's sparse sampling (Chen et al.
/// 2017, §3.1), without the copies of an im2col.
///
/// Taps that lie in the padding for a whole tile of positions are left out.
struct DirectConvolution: ConvolutionExecution {
  private let layer: Convolution
  private let weights: PackedWeights
  private let bias: AlignedBuffer<Float>?
  private let zeros: AlignedBuffer<Float>
  /// Rows of taps in one stretch: the input has few channels and is padded first.
  private let rowsOfTaps: PaddedRows?

  init(_ layer: Convolution, weight: ParameterValues, bias: ParameterValues?) {
    self.layer = layer
    self.bias = bias?.storage
    rowsOfTaps = PaddedRows(layer)
    weights = PackedWeights(layer, weight: weight, rowsOfTaps: rowsOfTaps != nil)
    zeros = AlignedBuffer(zeros: weights.run)
  }

  func apply(
    to input: Tensor, into output: Tensor, epilogue: ConvolutionEpilogue, parallelism: Parallelism
  ) {
    let input = rowsOfTaps?.pad(input, parallelism: parallelism) ?? input
    for image in 0..<output.shape.batch {
      for group in 0..<layer.groups {
        let job = self.job(input, output, epilogue, image: image, group: group)
        run(job, positions: output.shape.height * output.shape.width, parallelism: parallelism)
      }
    }
  }

  /// One group of channels of one image.
  private func job(
    _ input: Tensor, _ output: Tensor, _ epilogue: ConvolutionEpilogue, image: Int, group: Int
  ) -> ck_convolution {
    let (from, to) = (input.shape, output.shape)
    let outputs = layer.outputChannels / layer.groups
    let geometry = rowsOfTaps?.geometry ?? layer.geometry
    let firstOutput = image * to.height * to.width * to.channels + group * outputs
    return ck_convolution(
      input: input.base + image * from.height * from.width * from.channels
        + group * (layer.inputChannels / layer.groups),
      height: Int32(from.height), width: Int32(from.width), input_pitch: from.channels,
      run: weights.run,
      kernel_rows: Int32(geometry.kernelSize.rows),
      kernel_columns: Int32(geometry.kernelSize.columns),
      stride_rows: Int32(geometry.stride.rows), stride_columns: Int32(geometry.stride.columns),
      padding_rows: Int32(geometry.padding.rows),
      padding_columns: Int32(geometry.padding.columns),
      rate_rows: Int32(geometry.rate.rows), rate_columns: Int32(geometry.rate.columns),
      output_width: Int32(to.width), weights: weights.base(ofGroup: group),
      output: output.base + firstOutput, output_pitch: to.channels, output_channels: outputs,
      epilogue: ck_epilogue(
        bias: bias.map { UnsafePointer($0.base + group * outputs) },
        residual: epilogue.residual.map { UnsafePointer($0.base + firstOutput) },
        residual_pitch: to.channels, lowest: epilogue.range.lowerBound,
        highest: epilogue.range.upperBound),
      zeros: zeros.base)
  }

  private func run(_ job: ck_convolution, positions: Int, parallelism: Parallelism) {
    let pieces = WorkPieces(positions: positions, panels: weights.panels)
    parallelism.forEach(pieces.count) { index in
      let (first, count, firstPanel, panelCount) = pieces[index]
      withUnsafePointer(to: job) { job in
        let bytes = ck_convolve_scratch(job, count)
        ScratchMemory.shared.with(count: bytes / MemoryLayout<Float>.stride + 1) { scratch in
          ck_convolve(job, first, count, firstPanel, panelCount, scratch)
        }
      }
    }
  }
}
