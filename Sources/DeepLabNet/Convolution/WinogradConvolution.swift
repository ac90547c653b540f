import CKernels
import LatticeSupport

/// A 3 × 3 convolution by Winograd's F(4 × 4, 3 × 3), at any rate.
///
/// Lavin & Gray (2015), arXiv:1509.09308, §4.3. Since channels are neighbours in memory, a patch
/// can be read from positions that lie a rate apart as well as from neighbours: the phases of an
/// atrous convolution need no copies.
struct WinogradConvolution: ConvolutionExecution {
  /// Patches that pass through all stages together, where the weights stay in a cache.
  private static let patchesABlock = 24
  /// Patches that pass through a stage together, where they do not.
  private static let patchesASlab = 192
  /// Transformed weights, above which each is better used for all patches at once.
  private static let cachedWeights = 4 << 20

  private let layer: Convolution
  /// As they were given: their transforms are four times as large, and are quicker made anew for
  /// each convolution than read from memory.
  private let weights: PackedWeights
  private let bias: AlignedBuffer<Float>?
  private let zeros: AlignedBuffer<Float>

  static func applies(to layer: Convolution) -> Bool {
    layer.geometry.kernelSize == 3 && layer.geometry.stride == 1 && layer.groups == 1
      && layer.inputChannels % 16 == 0 && layer.outputChannels % 16 == 0
  }

  init(
    _ layer: Convolution, weight: ParameterValues, bias: ParameterValues?, parallelism: Parallelism
  ) {
    self.layer = layer
    self.bias = bias?.storage
    zeros = AlignedBuffer(zeros: layer.inputChannels)
    weights = PackedWeights(layer, weight: weight, rowsOfTaps: false, parallelism: parallelism)
  }

  func apply(
    to input: Tensor, into output: Tensor, epilogue: ConvolutionEpilogue, parallelism: Parallelism
  ) {
    let patches = WinogradPatches(
      layer.geometry, height: output.shape.height, width: output.shape.width)
    let count = ck_winograd_weight_count(layer.outputChannels, layer.inputChannels)
    let isCached = count * MemoryLayout<Float>.stride <= Self.cachedWeights
    let hasManyBlocks = patches.count >= 8 * Self.patchesABlock
    ScratchMemory.shared.with(count: count) { transformed in
      transformWeights(into: transformed, parallelism)
      for image in 0..<output.shape.batch {
        let job = self.job(input, output, epilogue, image: image, weights: transformed)
        if isCached && hasManyBlocks {
          runBlocks(job, patches, parallelism)
        } else {
          runStages(job, patches, parallelism)
        }
      }
    }
  }

  private func transformWeights(
    into transformed: UnsafeMutablePointer<Float>, _ parallelism: Parallelism
  ) {
    parallelism.forEach(weights.panels) { panel in
      ck_winograd_weights(
        weights.base(ofGroup: 0), layer.outputChannels, layer.inputChannels, panel, panel + 1,
        transformed)
    }
  }

  private func job(
    _ input: Tensor, _ output: Tensor, _ epilogue: ConvolutionEpilogue, image: Int,
    weights: UnsafePointer<Float>
  ) -> ck_winograd {
    let (from, to) = (input.shape, output.shape)
    let geometry = layer.geometry
    let firstOutput = image * to.height * to.width * to.channels
    return ck_winograd(
      input: input.base + image * from.height * from.width * from.channels,
      height: Int32(from.height), width: Int32(from.width), channels: from.channels,
      output_channels: to.channels, padding_rows: Int32(geometry.padding.rows),
      padding_columns: Int32(geometry.padding.columns), rate_rows: Int32(geometry.rate.rows),
      rate_columns: Int32(geometry.rate.columns), output_height: Int32(to.height),
      output_width: Int32(to.width), weights: weights, output: output.base + firstOutput,
      epilogue: ck_epilogue(
        epilogue, bias: bias, firstOutput: firstOutput, channels: to.channels),
      zeros: zeros.base)
  }

  /// Each block of patches passes through all stages while it is in the cache.
  private func runBlocks(
    _ job: ck_winograd, _ patches: WinogradPatches, _ parallelism: Parallelism
  ) {
    let rows = Self.patchesABlock
    let room = PatchRoom(job, rows: rows, panels: weights.panels)
    patches.origins.withUnsafeBufferPointer { origins in
      parallelism.forEachChunk(of: patches.count, grain: rows) { range in
        withUnsafePointer(to: job) { job in
          ScratchMemory.shared.with(count: room.count) { scratch in
            let origins = origins.baseAddress! + 2 * range.lowerBound
            let sums = scratch + room.values
            ck_winograd_inputs(job, origins, 0, range.count, rows, scratch)
            for value in 0..<WinogradPatches.products {
              ck_winograd_products(
                job, value, rows, scratch + value * room.valuesAStep, 0, weights.panels,
                sums + value * room.sumsAStep)
            }
            ck_winograd_outputs(job, origins, 0, range.count, rows, sums, 0, weights.panels)
          }
        }
      }
    }
  }

  /// All patches of a slab pass through each stage together, so that weights are read once.
  private func runStages(
    _ job: ck_winograd, _ patches: WinogradPatches, _ parallelism: Parallelism
  ) {
    let tile = Int(CK_TILE_ROWS)
    let slabs = (patches.count + Self.patchesASlab - 1) / Self.patchesASlab
    let rows = ((patches.count + slabs - 1) / slabs + tile - 1) / tile * tile
    let room = PatchRoom(job, rows: rows, panels: weights.panels)
    ScratchMemory.shared.with(count: room.count) { scratch in
      let sums = scratch + room.values
      patches.origins.withUnsafeBufferPointer { all in
        for first in stride(from: 0, to: patches.count, by: rows) {
          let origins = all.baseAddress! + 2 * first
          let count = min(rows, patches.count - first)
          parallelism.forEachChunk(of: count, grain: tile) { range in
            withUnsafePointer(to: job) {
              ck_winograd_inputs($0, origins, range.lowerBound, range.upperBound, rows, scratch)
            }
          }
          parallelism.forEach(WinogradPatches.products) { value in
            withUnsafePointer(to: job) {
              ck_winograd_products(
                $0, value, rows, scratch + value * room.valuesAStep, 0, weights.panels,
                sums + value * room.sumsAStep)
            }
          }
          parallelism.forEachChunk(of: count, grain: tile) { range in
            withUnsafePointer(to: job) {
              ck_winograd_outputs(
                $0, origins, range.lowerBound, range.upperBound, rows, sums, 0, weights.panels)
            }
          }
        }
      }
    }
  }
}

/// Scratch memory of some patches: transformed inputs, then sums.
private struct PatchRoom {
  /// Floats for one patch value's inputs and sums.
  let valuesAStep: Int
  let sumsAStep: Int

  init(_ job: ck_winograd, rows: Int, panels: Int) {
    valuesAStep = rows * job.channels
    sumsAStep = rows * panels * Int(CK_TILE_COLUMNS)
  }

  /// Floats for all inputs.
  var values: Int { WinogradPatches.products * valuesAStep }
  var count: Int { values + WinogradPatches.products * sumsAStep }
}
