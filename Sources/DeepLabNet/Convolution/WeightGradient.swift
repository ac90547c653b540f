import CKernels
import LatticeSupport

/// How a loss changes with a convolution's weights: for each tap the matrix product of the shifted
/// input, transposed, with the gradient of the output, over all positions.
///
/// Both maps are packed into panels of channels, some rows at a time, which then meet in register
/// tiles; taps in the padding are left out. Where there are few outputs, the two maps change places
/// in the tile.
struct WeightGradient {
  let geometry: ConvolutionGeometry
  let groups: Int

  /// Pieces of work that there are at least, where rows allow it.
  private static let fewestPieces = 8
  /// Panels of a piece of work, which share the packed rows of the other map.
  private static let panelsOfTaps = 4
  /// The same for one tap, where packing weighs more.
  private static let panelsOfPoints = 8
  /// Output channels of a piece of work that writes the sums.
  private static let outputGrain = 16

  /// The gradient, (outputs, inputs / groups, rows, columns).
  ///
  /// - Parameters:
  ///   - input: the convolution's input.
  ///   - gradient: how the loss changes with its output.
  ///   - parallelism: the threads to use.
  func values(
    input: Tensor, gradient: Tensor, parallelism: Parallelism
  ) -> ParameterValues {
    let (inputs, outputs) = (input.shape.channels / groups, gradient.shape.channels / groups)
    let size = geometry.kernelSize
    let taps = size.rows * size.columns
    let result = AlignedBuffer<Float>(uninitialized: outputs * groups * inputs * taps)
    if inputs == 1 && outputs == 1 {
      addDepthwise(input, gradient, into: result, parallelism)
    } else {
      for group in 0..<groups {
        let job = self.job(
          input, gradient, firstInput: group * inputs, inputs, firstOutput: group * outputs,
          outputs)
        let weights = result.base + group * outputs * inputs * taps
        run(job, rows: gradient.shape.batch * gradient.shape.height, weights, parallelism)
      }
    }
    return ParameterValues(
      shape: [outputs * groups, inputs, size.rows, size.columns], storage: result)
  }

  private func job(
    _ input: Tensor, _ gradient: Tensor, firstInput: Int, _ inputs: Int, firstOutput: Int,
    _ outputs: Int
  ) -> ck_weight_gradient {
    var job = ck_weight_gradient()
    job.input = ck_gradient_map(input, from: firstInput, count: inputs)
    job.gradient = ck_gradient_map(gradient, from: firstOutput, count: outputs)
    (job.kernel_rows, job.kernel_columns) = geometry.kernelSize.pair
    (job.stride_rows, job.stride_columns) = geometry.stride.pair
    (job.padding_rows, job.padding_columns) = geometry.padding.pair
    (job.rate_rows, job.rate_columns) = geometry.rate.pair
    job.is_input_wide =
      Self.tileArea(narrow: outputs, wide: inputs)
      < Self.tileArea(narrow: inputs, wide: outputs)
    return job
  }

  /// Products at a position for each tap, with those of the channels that panels are filled up
  /// with.
  private static func tileArea(narrow: Int, wide: Int) -> Int {
    func filled(_ channels: Int, _ width: Int) -> Int { (channels + width - 1) / width * width }
    return filled(narrow, Int(CK_NARROW_CHANNELS)) * filled(wide, Int(CK_WIDE_CHANNELS))
  }

  /// Pieces of some panels × some rows; the rows' sums are added in their order.
  private func run(
    _ job: ck_weight_gradient, rows: Int, _ weights: UnsafeMutablePointer<Float>,
    _ parallelism: Parallelism
  ) {
    let wide = job.is_input_wide ? job.input.channels : job.gradient.channels
    let panels = (wide + Int(CK_WIDE_CHANNELS) - 1) / Int(CK_WIDE_CHANNELS)
    let together = min(
      panels, geometry.kernelSize == 1 ? Self.panelsOfPoints : Self.panelsOfTaps)
    let panelPieces = (panels + together - 1) / together
    let parts = min(rows, (Self.fewestPieces + panelPieces - 1) / panelPieces)
    let panelSize = withUnsafePointer(to: job) { ck_weight_gradient_panel($0) }
    let partSize = panels * panelSize
    let outputs = job.gradient.channels
    ScratchMemory.shared.with(count: parts * partSize) { sums in
      parallelism.forEach(panelPieces * parts) { piece in
        let (part, first) = (piece / panelPieces, piece % panelPieces * together)
        let count = min(together, panels - first)
        let (firstRow, endRow) = (rows * part / parts, rows * (part + 1) / parts)
        let own = sums + part * partSize + first * panelSize
        own.update(repeating: 0, count: count * panelSize)
        withUnsafePointer(to: job) { job in
          let bytes = ck_weight_gradient_scratch(job, count)
          ScratchMemory.shared.with(count: bytes / MemoryLayout<Float>.stride + 1) { scratch in
            ck_add_weight_gradient(
              job, firstRow, endRow - firstRow, first, count, scratch, own)
          }
        }
      }
      parallelism.forEachChunk(of: outputs, grain: Self.outputGrain) { range in
        withUnsafePointer(to: job) {
          ck_finish_weight_gradient(
            $0, sums, parts, partSize, range.lowerBound, range.upperBound, weights)
        }
      }
    }
  }

  /// Every channel sees itself alone.
  private func addDepthwise(
    _ input: Tensor, _ gradient: Tensor, into result: AlignedBuffer<Float>,
    _ parallelism: Parallelism
  ) {
    let channels = gradient.shape.channels
    let taps = geometry.kernelSize.rows * geometry.kernelSize.columns
    let rows = gradient.shape.batch * gradient.shape.height
    let job = self.job(input, gradient, firstInput: 0, channels, firstOutput: 0, channels)
    let parts = min(rows, Self.fewestPieces)
    let sums = AlignedBuffer<Float>(zeros: parts * taps * channels)
    parallelism.forEach(parts) { part in
      let (first, end) = (rows * part / parts, rows * (part + 1) / parts)
      withUnsafePointer(to: job) {
        ck_add_depthwise_gradient($0, first, end - first, sums.base + part * taps * channels)
      }
    }
    for channel in 0..<channels {
      for tap in 0..<taps {
        result[channel * taps + tap] = (0..<parts).reduce(0) { sum, part in
          sum + sums[(part * taps + tap) * channels + channel]
        }
      }
    }
  }
}

extension ck_gradient_map {
  /// Some channels of all images.
  fileprivate init(_ tensor: Tensor, from first: Int, count: Int) {
    let shape = tensor.shape
    self.init(
      values: tensor.base + first, pitch: shape.channels, channels: count,
      height: Int32(shape.height), width: Int32(shape.width))
  }
}
