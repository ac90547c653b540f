import CKernels
import KernelVariants
import LatticeSupport
import TestSupport
import Testing

/// What convolutions sum differs between instruction sets by the rounding of fused multiplications
/// only.
@Suite struct ConvolutionVariantTests {
  private static let chosen = kernel_variant_chosen().pointee

  private static let side = 23
  private static let (inputs, outputs) = (48, 80)

  private static func values(_ count: Int, seed: UInt64) -> AlignedBuffer<Float> {
    var random = SeededGenerator(seed: seed)
    return AlignedBuffer(copying: (0..<count).map { _ in 2 * random.uniform() - 1 })
  }

  private static let image = values(side * side * inputs, seed: 1)
  private static let weights = values(outputs * inputs * 9, seed: 2)
  private static let bias = values(outputs, seed: 3)
  private static let zeros = AlignedBuffer<Float>(zeros: inputs)
  private static var epilogue: ck_epilogue {
    ck_epilogue(bias: bias.base, residual: nil, residual_pitch: 0, lowest: -5, highest: 5)
  }

  /// 3 × 3 at rate 2; 27 products of about 1 are summed over 48 channels, and rounded to 6e-8 of
  /// their sum.
  @Test func shiftedProductsAgree() {
    let expected = Self.direct(Self.chosen)
    #expect(expected.contains { abs($0) > 2 })
    for (name, variant) in KernelVariant.others {
      let difference = largestDifference(expected, Self.direct(variant))
      #expect(difference < 3e-5, "\(name): \(difference)")
    }
  }

  /// Sums of nine products of about 1.
  @Test func depthwiseProductsAgree() {
    let expected = Self.depthwise(Self.chosen)
    #expect(expected.contains { abs($0) > 1 })
    for (name, variant) in KernelVariant.others {
      let difference = largestDifference(expected, Self.depthwise(variant))
      #expect(difference < 2e-6, "\(name): \(difference)")
    }
  }

  /// The same convolution by patches, whose transforms cost another digit.
  @Test func patchesAgree() {
    let expected = Self.winograd(Self.chosen)
    #expect(largestDifference(expected, Self.direct(Self.chosen)) < 3e-4)
    for (name, variant) in KernelVariant.others {
      let difference = largestDifference(expected, Self.winograd(variant))
      #expect(difference < 3e-4, "\(name): \(difference)")
    }
  }

  /// Sums of 23² products of about 1, rounded to 6e-8 of their sum.
  @Test func weightGradientsAgree() {
    let slopes = Self.values(Self.side * Self.side * Self.outputs, seed: 4)
    for isInputWide in [false, true] {
      var job = Self.gradientJob(slopes, channels: Self.outputs)
      job.is_input_wide = isInputWide
      let expected = Self.weightGradient(Self.chosen, job)
      #expect(expected.contains { abs($0) > 10 })
      for (name, variant) in KernelVariant.others {
        let difference = largestDifference(expected, Self.weightGradient(variant, job))
        #expect(difference < 5e-5, "\(name): \(difference)")
      }
    }
  }

  @Test func depthwiseGradientsAgree() {
    let slopes = Self.values(Self.side * Self.side * Self.inputs, seed: 5)
    var job = Self.gradientJob(slopes, channels: Self.inputs)
    func sums(_ variant: kernel_variant) -> [Float] {
      let sums = AlignedBuffer<Float>(zeros: 9 * Self.inputs)
      variant.depthwise_gradient(&job, 0, Self.side, sums.base)
      return Self.values(of: sums)
    }
    let expected = sums(Self.chosen)
    #expect(expected.contains { abs($0) > 10 })
    for (name, variant) in KernelVariant.others {
      let difference = largestDifference(expected, sums(variant))
      #expect(difference < 5e-5, "\(name): \(difference)")
    }
  }

  /// 3 × 3 at rate 2.
  private static func gradientJob(
    _ slopes: AlignedBuffer<Float>, channels: Int
  ) -> ck_weight_gradient {
    var job = ck_weight_gradient()
    job.input = ck_gradient_map(
      values: image.base, pitch: inputs, channels: inputs, height: Int32(side), width: Int32(side))
    job.gradient = ck_gradient_map(
      values: slopes.base, pitch: channels, channels: channels, height: Int32(side),
      width: Int32(side))
    (job.kernel_rows, job.kernel_columns) = (3, 3)
    (job.stride_rows, job.stride_columns) = (1, 1)
    (job.padding_rows, job.padding_columns) = (2, 2)
    (job.rate_rows, job.rate_columns) = (2, 2)
    return job
  }

  private static func weightGradient(
    _ variant: kernel_variant, _ job: ck_weight_gradient
  ) -> [Float] {
    var job = job
    let wide = job.is_input_wide ? inputs : outputs
    let panels = (wide + Int(CK_WIDE_CHANNELS) - 1) / Int(CK_WIDE_CHANNELS)
    let sums = AlignedBuffer<Float>(zeros: panels * ck_weight_gradient_panel(&job))
    let scratch = AlignedBuffer<UInt8>(uninitialized: ck_weight_gradient_scratch(&job, panels))
    variant.weight_gradient(&job, 0, side, 0, panels, scratch.base, sums.base)
    let result = AlignedBuffer<Float>(zeros: inputs * outputs * 9)
    ck_finish_weight_gradient(&job, sums.base, 1, 0, 0, outputs, result.base)
    return values(of: result)
  }

  private static func packedWeights() -> AlignedBuffer<Float> {
    let panels = (outputs + Int(CK_TILE_COLUMNS) - 1) / Int(CK_TILE_COLUMNS)
    let packed = AlignedBuffer<Float>(
      uninitialized: panels * Int(CK_TILE_COLUMNS) * inputs * 9)
    ck_pack_weights(weights.base, outputs, inputs, 9, packed.base)
    return packed
  }

  private static func direct(_ variant: kernel_variant) -> [Float] {
    let panels = (outputs + Int(CK_TILE_COLUMNS) - 1) / Int(CK_TILE_COLUMNS)
    let packed = packedWeights()
    let result = AlignedBuffer<Float>(zeros: side * side * outputs)
    var job = job(result, channels: outputs)
    job.weights = UnsafePointer(packed.base)
    job.zeros = UnsafePointer(zeros.base)
    let scratch = AlignedBuffer<UInt8>(uninitialized: ck_convolve_scratch(&job, side * side))
    variant.convolve(&job, 0, side * side, 0, panels, scratch.base)
    return values(of: result)
  }

  private static func depthwise(_ variant: kernel_variant) -> [Float] {
    let result = AlignedBuffer<Float>(zeros: side * side * inputs)
    var job = job(result, channels: inputs)
    job.weights = UnsafePointer(weights.base)
    variant.depthwise(&job, 0, side * side)
    return values(of: result)
  }

  /// 3 × 3 at rate 2, all but the weights.
  private static func job(_ result: AlignedBuffer<Float>, channels: Int) -> ck_convolution {
    var job = ck_convolution()
    job.input = UnsafePointer(image.base)
    (job.height, job.width, job.output_width) = (Int32(side), Int32(side), Int32(side))
    (job.input_pitch, job.run) = (inputs, inputs)
    (job.kernel_rows, job.kernel_columns) = (3, 3)
    (job.stride_rows, job.stride_columns) = (1, 1)
    (job.padding_rows, job.padding_columns) = (2, 2)
    (job.rate_rows, job.rate_columns) = (2, 2)
    (job.output, job.output_pitch, job.output_channels) = (result.base, channels, channels)
    job.epilogue = epilogue
    return job
  }

  private static func winograd(_ variant: kernel_variant) -> [Float] {
    let panels = (outputs + Int(CK_TILE_COLUMNS) - 1) / Int(CK_TILE_COLUMNS)
    let packed = packedWeights()
    let transformed = AlignedBuffer<Float>(
      uninitialized: ck_winograd_weight_count(outputs, inputs))
    variant.winograd_weights(packed.base, outputs, inputs, 0, panels, transformed.base)
    let result = AlignedBuffer<Float>(zeros: side * side * outputs)
    let starts = (0..<2).flatMap { stride(from: $0, to: side, by: 8) }
    let origins = starts.flatMap { row in starts.flatMap { [Int32(row), Int32($0)] } }
    let patches = origins.count / 2
    let rows = (patches + Int(CK_TILE_ROWS) - 1) / Int(CK_TILE_ROWS) * Int(CK_TILE_ROWS)
    let products = Int(CK_PATCH_VALUES)
    let values = AlignedBuffer<Float>(zeros: products * rows * inputs)
    let sums = AlignedBuffer<Float>(zeros: products * rows * panels * Int(CK_TILE_COLUMNS))
    var job = ck_winograd()
    job.input = UnsafePointer(image.base)
    (job.height, job.width) = (Int32(side), Int32(side))
    (job.channels, job.output_channels) = (inputs, outputs)
    (job.padding_rows, job.padding_columns, job.rate_rows, job.rate_columns) = (2, 2, 2, 2)
    (job.output_height, job.output_width) = (Int32(side), Int32(side))
    job.weights = UnsafePointer(transformed.base)
    job.output = result.base
    job.epilogue = epilogue
    job.zeros = UnsafePointer(zeros.base)
    variant.winograd_inputs(&job, origins, 0, patches, rows, values.base)
    for product in 0..<products {
      variant.winograd_products(
        &job, product, rows, values.base + product * rows * inputs, 0, panels,
        sums.base + product * rows * panels * Int(CK_TILE_COLUMNS))
    }
    variant.winograd_outputs(&job, origins, 0, patches, rows, sums.base, 0, panels)
    return Self.values(of: result)
  }

  private static func values(of buffer: AlignedBuffer<Float>) -> [Float] {
    [Float](UnsafeBufferPointer(start: buffer.base, count: buffer.count))
  }
}
