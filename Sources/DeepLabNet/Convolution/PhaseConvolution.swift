import LatticeSupport

/// An atrous convolution as the paper's second implementation computes it: the input is
/// de-interleaved into rate² phase images, on which it is an ordinary convolution, and the outputs
/// are interleaved again.
///
/// Chen et al. (2017), §3.1. Here for comparison: the algorithms that read phases in place do
/// without the copies.
struct PhaseConvolution: ConvolutionExecution {
  private let rate: ConvolutionGeometry.Extent
  private let ordinary: PreparedConvolution

  /// Layers of stride 1 whose padding is whole in every phase.
  static func applies(to layer: Convolution) -> Bool {
    let geometry = layer.geometry
    return geometry.stride == 1 && geometry.padding.rows % geometry.rate.rows == 0
      && geometry.padding.columns % geometry.rate.columns == 0
  }

  init(
    _ layer: Convolution, weight: ParameterValues, bias: ParameterValues?, parallelism: Parallelism
  ) {
    let geometry = layer.geometry
    rate = geometry.rate
    let ordinary = Convolution(
      from: layer.inputChannels, to: layer.outputChannels, kernelSize: geometry.kernelSize,
      padding: .init(
        rows: geometry.padding.rows / rate.rows, columns: geometry.padding.columns / rate.columns),
      groups: layer.groups, hasBias: layer.hasBias)
    self.ordinary = PreparedConvolution(
      ordinary, weight: weight, bias: bias,
      algorithm: ConvolutionAlgorithm.winograd.applies(to: ordinary) ? .winograd : .direct,
      parallelism: parallelism)
  }

  func apply(
    to input: Tensor, into output: Tensor, epilogue: ConvolutionEpilogue, parallelism: Parallelism
  ) {
    for row in 0..<min(rate.rows, output.shape.height) {
      for column in 0..<min(rate.columns, output.shape.width) {
        let phase = Phase(row: row, column: column, rate: rate)
        let result = Tensor(uninitialized: phase.shape(of: output.shape))
        if let residual = epilogue.residual {
          phase.gather(residual, into: result, parallelism: parallelism)
        }
        let part = Tensor(uninitialized: phase.shape(of: input.shape))
        phase.gather(input, into: part, parallelism: parallelism)
        ordinary.apply(
          to: part, into: result,
          epilogue: ConvolutionEpilogue(
            residual: epilogue.residual == nil ? nil : result, range: epilogue.range),
          parallelism: parallelism)
        phase.scatter(result, into: output, parallelism: parallelism)
      }
    }
  }
}

/// Every rate-th row and column, from one on.
private struct Phase {
  let row: Int
  let column: Int
  let rate: ConvolutionGeometry.Extent

  func shape(of whole: TensorShape) -> TensorShape {
    whole.with(
      height: (whole.height - row + rate.rows - 1) / rate.rows,
      width: (whole.width - column + rate.columns - 1) / rate.columns)
  }

  func gather(_ whole: Tensor, into part: Tensor, parallelism: Parallelism) {
    visit(whole.shape, parallelism) { inWhole, inPart in
      (part.base + inPart).update(from: whole.base + inWhole, count: whole.shape.channels)
    }
  }

  func scatter(_ part: Tensor, into whole: Tensor, parallelism: Parallelism) {
    visit(whole.shape, parallelism) { inWhole, inPart in
      (whole.base + inWhole).update(from: part.base + inPart, count: whole.shape.channels)
    }
  }

  /// Calls `body` with where each position begins in the whole and in the part.
  private func visit(
    _ whole: TensorShape, _ parallelism: Parallelism, _ body: (Int, Int) -> Void
  ) {
    let part = shape(of: whole)
    parallelism.forEach(part.batch * part.height) { line in
      let (image, y) = line.quotientAndRemainder(dividingBy: part.height)
      let start = (image * whole.height + row + y * rate.rows) * whole.width + column
      for x in 0..<part.width {
        body(
          (start + x * rate.columns) * whole.channels, (line * part.width + x) * whole.channels)
      }
    }
  }
}
