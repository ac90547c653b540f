import CKernels
import Lattice
import LatticeSupport

/// Mean field updates in one pass over the points: slice messages, add the unary, softmax, splat.
///
/// Nothing of size N × L is written but the marginals, and those only where somebody reads them.
package struct FusedEngine: MeanFieldEngine {
  private var fused: FusedKernels

  /// `nil` where the terms cannot be fused.
  package init?(_ crf: DenseCRF) {
    guard
      let fused = FusedKernels(
        crf.terms, stride: crf.unary.values.stride, parallelism: crf.parallelism)
    else { return nil }
    self.fused = fused
  }

  package static var carriesMarginals: Bool { true }

  package mutating func start(_ energies: ChannelField, into marginals: inout ChannelField) {
    _ = sweep(energies, .init(slices: false, splats: true), marginals: marginals.mutableBase())
  }

  package mutating func start(_ energies: ChannelField) {
    _ = sweep(energies, .init(slices: false, splats: true), marginals: nil)
  }

  package mutating func step(
    _ energies: ChannelField, into marginals: inout ChannelField, _ request: UpdateRequest
  ) -> Float {
    sweep(
      energies,
      .init(slices: true, splats: !request.isLast, comparesMarginals: request.measuresChange),
      marginals: marginals.mutableBase())
  }

  package mutating func step(_ energies: ChannelField) {
    _ = sweep(energies, .init(slices: true, splats: true), marginals: nil)
  }

  package mutating func finish(replacing energies: inout ChannelField) {
    let stride = energies.stride
    energies.replaceContents { energies, marginals in
      _ = sweep(
        unary: energies, stride: stride, .init(slices: true, splats: false), marginals: marginals)
    }
  }

  /// The last `step`, with the energies that its softmax takes.
  ///
  /// - Parameters:
  ///   - energies: those of `start`.
  ///   - marginals: N × L, overwritten.
  ///   - sums: N × L, overwritten.
  mutating func finish(
    _ energies: ChannelField, into marginals: inout ChannelField, sums: inout ChannelField
  ) {
    _ = sweep(
      energies, .init(slices: true, splats: false), marginals: marginals.mutableBase(),
      sums: sums.mutableBase())
  }

  package mutating func keepStart() {
    for index in fused.kernels.indices { fused.kernels[index].keepRows() }
  }

  package mutating func restart(with crf: DenseCRF) {
    for (index, term) in crf.terms.enumerated() {
      fused.kernels[index].weigh(term.factors)
      fused.kernels[index].restart()
    }
  }

  /// What a sweep does besides the softmax.
  private struct Pass {
    /// Adds messages from what the last sweep splatted.
    var slices: Bool
    /// Splats the marginals for the next sweep.
    var splats: Bool
    /// Compares the marginals with those before.
    var comparesMarginals = false
  }

  private mutating func sweep(
    _ energies: ChannelField, _ pass: Pass, marginals: UnsafeMutablePointer<Float>?,
    sums: UnsafeMutablePointer<Float>? = nil
  ) -> Float {
    sweep(unary: energies.base, stride: energies.stride, pass, marginals: marginals, sums: sums)
  }

  /// One pass over all points.
  ///
  /// - Parameters:
  ///   - unary: points × `stride`.
  ///   - marginals: where to write the marginals, points × `stride`, which may be where the
  ///     energies are; `nil` where only the next sweep needs them.
  ///   - sums: where to write the energies with the messages; `nil` where nobody reads them.
  /// - Returns: the largest change of a marginal, where they are compared.
  private mutating func sweep(
    unary: UnsafePointer<Float>, stride: Int, _ pass: Pass,
    marginals: UnsafeMutablePointer<Float>?, sums: UnsafeMutablePointer<Float>? = nil
  ) -> Float {
    let count = fused.segments.count
    let changes = AlignedBuffer<Float>(repeating: 0, count: count)
    let kernelCount = Int32(fused.kernels.count)
    fused.forEachSegment(slices: pass.slices, splats: pass.splats) { index, points, order, passes in
      let first = points.lowerBound
      let scratch = AlignedBuffer<Float>(uninitialized: ck_sweep_scratch(stride))
      ck_sweep(
        unary + first * stride, stride, order.runs, order.runCount, passes, kernelCount,
        sums.map { $0 + first * stride }, marginals.map { $0 + first * stride },
        pass.comparesMarginals ? changes.base + index : nil, scratch.base)
    }
    if pass.splats { fused.blurRows() }
    return (0..<count).reduce(0) { max($0, changes[$1]) }
  }
}
