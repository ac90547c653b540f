import CKernels
import LatticeSupport

/// A convolution in which every channel sees itself alone, as in MobileNets and Xception: as many
/// groups as channels. Bound by memory, so that products are not worth rearranging.
struct DepthwiseConvolution: ConvolutionExecution {
  private let geometry: ConvolutionGeometry
  private let channels: Int
  /// Tap × channel.
  private let weights: AlignedBuffer<Float>
  private let bias: AlignedBuffer<Float>?

  /// Positions in a piece of work.
  private static let positionsAPiece = 128
  /// Taps that the kernel has room for.
  private static let mostTaps = 49

  static func applies(to layer: Convolution) -> Bool {
    let size = layer.geometry.kernelSize
    return layer.groups == layer.inputChannels && layer.outputChannels == layer.inputChannels
      && size.rows * size.columns <= mostTaps
  }

  init(_ layer: Convolution, weight: ParameterValues, bias: ParameterValues?) {
    geometry = layer.geometry
    channels = layer.inputChannels
    self.bias = bias?.storage
    let taps = geometry.kernelSize.rows * geometry.kernelSize.columns
    weights = AlignedBuffer(uninitialized: weight.count)
    for channel in 0..<channels {
      for tap in 0..<taps {
        weights[tap * channels + channel] = weight.storage[channel * taps + tap]
      }
    }
  }

  func apply(
    to input: Tensor, into output: Tensor, epilogue: ConvolutionEpilogue, parallelism: Parallelism
  ) {
    for image in 0..<output.shape.batch {
      var job = ck_convolution(
        geometry, from: input, to: output, image: image, bias: bias, epilogue: epilogue)
      (job.run, job.weights) = (channels, UnsafePointer(weights.base))
      let positions = output.shape.height * output.shape.width
      parallelism.forEachChunk(of: positions, grain: Self.positionsAPiece) { range in
        withUnsafePointer(to: job) { ck_depthwise($0, range.lowerBound, range.count) }
      }
    }
  }
}
