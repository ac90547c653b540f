import CKernels
import LatticeSupport

/// Matrix products at shifted positions, straight from the tensor: the paper's sparse sampling
/// (Chen et al. 2017, §3.1), without the copies of an im2col.
///
/// Taps that lie in the padding for a whole tile of positions are left out.
struct DirectConvolution: ConvolutionExecution {
  private let layer: Convolution
  private let weights: PackedWeights
  private let bias: AlignedBuffer<Float>?
  private let zeros: AlignedBuffer<Float>
  /// Rows of taps in one stretch: the input has few channels and is padded first.
  private let rowsOfTaps: PaddedRows?

  init(
    _ layer: Convolution, weight: ParameterValues, bias: ParameterValues?, parallelism: Parallelism
  ) {
    self.layer = layer
    self.bias = bias?.storage
    rowsOfTaps = PaddedRows(layer)
    weights = PackedWeights(
      layer, weight: weight, rowsOfTaps: rowsOfTaps != nil, parallelism: parallelism)
    zeros = AlignedBuffer(zeros: weights.run)
  }

  func apply(
    to input: Tensor, into output: Tensor, epilogue: ConvolutionEpilogue, parallelism: Parallelism
  ) {
    let input = rowsOfTaps?.pad(input, parallelism: parallelism) ?? input
    let (inputs, outputs) = (
      layer.inputChannels / layer.groups, layer.outputChannels / layer.groups
    )
    for image in 0..<output.shape.batch {
      let all = ck_convolution(
        rowsOfTaps?.geometry ?? layer.geometry, from: input, to: output, image: image, bias: bias,
        epilogue: epilogue)
      for group in 0..<layer.groups {
        var job = all.part(
          firstInput: group * inputs, firstOutput: group * outputs, outputs: outputs)
        (job.run, job.weights) = (weights.run, weights.base(ofGroup: group))
        job.zeros = UnsafePointer(zeros.base)
        run(job, positions: output.shape.height * output.shape.width, parallelism: parallelism)
      }
    }
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
