import LatticeSupport

/// A filter of the form K = g·Sᵀ·B·S: every point is splatted to a few rows with weights, the rows
/// are blurred among themselves, and the point is sliced from the same rows with the same weights.
///
/// Mean field inference need not store the N × C values in between: it slices messages, computes
/// and splats marginals point by point, in one pass over memory for all filters of this form. A
/// backend whose filters are of this form reaches that path by conforming to this protocol.
///
/// `apply(to:into:parallelism:)` does all three for a conforming type's own `apply(to:into:)`.
public protocol FactoredFilter: GaussianFilter {
  /// S.
  var splatMatrix: SplatMatrix { get }
  /// Row 0, the rows of all segments, and others that the blur needs and sets itself.
  var rowCount: Int { get }
  /// g, what a sliced sum is multiplied with.
  var gain: Float { get }

  /// Floats of scratch memory that `blur` needs for rows of `stride` channels; none unless said
  /// otherwise.
  func blurScratch(stride: Int) -> Int

  /// Applies B to what was splatted, in place.
  ///
  /// - Parameters:
  ///   - rows: `rowCount` rows; row 0 stands for absent neighbours, is 0, and must stay so.
  ///   - scratch: `blurScratch(stride:)` floats, beginning on a cache line.
  func blur(_ rows: RowPanels, scratch: UnsafeMutableBufferPointer<Float>)

  /// Applies Bᵀ; B itself unless said otherwise. Gradients pass through it.
  func blurTransposed(_ rows: RowPanels, scratch: UnsafeMutableBufferPointer<Float>)
}

extension FactoredFilter {
  /// The filter itself.
  public var factored: (any FactoredFilter)? { self }

  /// None.
  public func blurScratch(stride: Int) -> Int { 0 }

  /// B, where it is symmetric.
  public func blurTransposed(_ rows: RowPanels, scratch: UnsafeMutableBufferPointer<Float>) {
    blur(rows, scratch: scratch)
  }

  /// g·Sᵀ·B·S·`values`: splats, blurs and slices.
  ///
  /// - Complexity: O(N·corners·C), the blur's, and `rowCount` rows of memory.
  public func apply(
    to values: ChannelField, into output: inout ChannelField, parallelism: Parallelism
  ) {
    apply(to: values, into: &output, parallelism: parallelism) { rows, scratch in
      blur(rows, scratch: scratch)
    }
  }

  /// The same with another B in place of `blur`.
  package func apply(
    to values: ChannelField, into output: inout ChannelField, parallelism: Parallelism,
    blur: (RowPanels, UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    checkShapes(values, output)
    let (matrix, stride) = (splatMatrix, values.stride)
    let rows = RowPanels(rowCount: rowCount, stride: stride)
    matrix.splat(values, into: rows, parallelism: parallelism)
    withBlurScratch(stride: stride) { blur(rows, $0) }
    matrix.slice(rows, gain: gain, into: &output, parallelism: parallelism)
  }

  /// K·1, the row sums, as `apply` to a single channel of ones would give them.
  ///
  /// - Complexity: O(N·corners) and the blur's; four floats a row of memory.
  package func rowSums(parallelism: Parallelism) -> AlignedBuffer<Float> {
    let matrix = splatMatrix
    let rows = RowPanels(rowCount: rowCount, stride: 4)
    matrix.splatOnes(into: rows, parallelism: parallelism)
    withBlurScratch(stride: 4) { blur(rows, scratch: $0) }
    return matrix.sliceFirst(rows, gain: gain, parallelism: parallelism)
  }

  private func withBlurScratch(
    stride: Int, _ body: (UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    let scratch = AlignedBuffer<Float>(uninitialized: blurScratch(stride: stride))
    withExtendedLifetime(scratch) { body(scratch.bufferPointer) }
  }
}
