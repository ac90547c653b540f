import CKernels
import LatticeSupport

/// The permutohedral lattice of two features, such as positions on an image, as an array.
///
/// The same operator as `PermutohedralLattice`, vertices that no point uses counting as 0; but
/// where points fill the plane, vertices need neither keys nor a table: lines of the lattice are
/// lines of an array, and neighbours stand at fixed distances.
struct PlanarLattice: FactoredFilter {
  let points: Int
  private(set) var splatMatrix: SplatMatrix
  let rowCount: Int
  private let frame: PlanarFrame
  private let blur: PlanarBlur
  private let parallelism: Parallelism

  /// 1/(1 + 2⁻²), as in `PermutohedralLattice`.
  var gain: Float { 0.8 }

  /// The lattice of `features`; `nil` where they are not two, where points are so sparse that a
  /// table takes less room, or where a coordinate leaves the range of keys.
  ///
  /// - Complexity: O(N).
  init?(_ features: FeatureMatrix, parallelism: Parallelism) {
    guard features.dimensions == 2 else { return nil }
    let ranges = SplatMatrix.segmentRanges(of: features.points)
    guard let frame = PlanarFrame(of: features, segments: ranges, parallelism: parallelism),
      frame.rowCount <= 2 * features.points + 4096
    else { return nil }
    self.frame = frame
    self.parallelism = parallelism
    points = features.points
    var nextRow = 1
    let segmentRows = frame.segmentLines.map { lines in
      defer { nextRow += lines.count * frame.width }
      return nextRow
    }
    rowCount = nextRow
    let entries = SplatMatrix.Entries(points: points, corners: 3)
    var parts = [(segment: SplatMatrix.Segment, present: AlignedBuffer<UInt8>)?](
      repeating: nil, count: ranges.count)
    parts.withUnsafeMutableBufferPointer { parts in
      nonisolated(unsafe) let parts = parts
      parallelism.forEach(ranges.count) { index in
        parts[index] = Self.embed(
          features, points: ranges[index], entries: entries, frame: frame, index: index,
          firstRow: segmentRows[index])
      }
    }
    splatMatrix = SplatMatrix(entries, segments: parts.compactMap { $0?.segment })
    blur = PlanarBlur(
      PlanarLines(
        frame, segmentRows: segmentRows, present: parts.compactMap { $0?.present },
        parallelism: parallelism))
  }

  private static func embed(
    _ features: FeatureMatrix, points: Range<Int>, entries: SplatMatrix.Entries,
    frame: PlanarFrame, index: Int, firstRow: Int
  ) -> (segment: SplatMatrix.Segment, present: AlignedBuffer<UInt8>) {
    let rows = frame.segmentLines[index].count * frame.width
    let present = AlignedBuffer<UInt8>(zeros: rows)
    let scratch = AlignedBuffer<Float>(uninitialized: ck_lattice_scratch(2))
    let segment = SplatMatrix.Segment(
      points: points, rows: firstRow..<firstRow + rows,
      visits: SplatMatrix.visits(of: points, lineLength: features.lineLength))
    entries.forEachVisit(of: segment) { points, vertices, weights in
      ck_planar_embed(
        features.storage.base + 2 * points.lowerBound, points.count, frame.segmentFrame(index),
        vertices, weights, present.base, scratch.base)
    }
    return (segment, present)
  }

  /// - Complexity: O((N + M)·C).
  func apply(to values: ChannelField, into output: inout ChannelField) {
    filter(values, into: &output, transposed: false)
  }

  /// Not where vertices are missing: the axes do not commute there.
  var isSymmetric: Bool { false }

  func applyTransposed(to values: ChannelField, into output: inout ChannelField) {
    filter(values, into: &output, transposed: true)
  }

  private func filter(
    _ values: ChannelField, into output: inout ChannelField, transposed: Bool
  ) {
    apply(to: values, into: &output, parallelism: parallelism) { rows, scratch in
      blur(rows, transposed: transposed, scratch)
    }
  }

  func blurScratch(stride: Int) -> Int { blur.scratch(channels: min(16, stride)) }

  func blur(_ rows: RowPanels, scratch: UnsafeMutableBufferPointer<Float>) {
    blur(rows, transposed: false, scratch)
  }

  func blurTransposed(_ rows: RowPanels, scratch: UnsafeMutableBufferPointer<Float>) {
    blur(rows, transposed: true, scratch)
  }

  private func blur(
    _ rows: RowPanels, transposed: Bool, _ scratch: UnsafeMutableBufferPointer<Float>
  ) {
    guard let scratch = scratch.baseAddress else { return }
    rows.forEach {
      blur.apply($0, transposed: transposed, scratch: scratch, parallelism: parallelism)
    }
  }

  /// Scales the weights of its splat matrix; see `GaussianFilter`.
  mutating func scale(
    by scales: UnsafeBufferPointer<Float>, parallelism: Parallelism
  ) -> Bool {
    splatMatrix.scale(by: scales, parallelism: parallelism)
    return true
  }

  /// Kᵢᵢ of every point: what a vertex of its simplex receives from each, by the blur's paths.
  ///
  /// Two vertices of a triangle are one step apart along some axis, up or down, or two steps the
  /// other way along the other axes in their order, by way of a vertex that may be absent. From a
  /// vertex to itself three steps lead either way, by way of two.
  ///
  /// - Complexity: O(N).
  func selfWeights() -> [Float] {
    let steps = PlanarSteps(blur.lines)
    let matrix = splatMatrix
    return [Float](unsafeUninitializedCapacity: points) { output, count in
      nonisolated(unsafe) let output = output
      parallelism.forEach(matrix.segments.count) { index in
        let segment = matrix.segments[index]
        let (corners, allWeights) = (matrix.vertices(of: segment), matrix.weights(of: segment))
        let firstColumn = frame.segmentLines[index].lowerBound * frame.width
        for (position, point) in segment.visits.joined().enumerated() {
          let vertices = (0..<3).map {
            firstColumn + Int(corners[3 * position + $0])
          }
          let weights = allWeights + 3 * position
          var sum: Float = 0
          for (a, from) in vertices.enumerated() {
            for (b, to) in vertices.enumerated() {
              sum += weights[a] * weights[b] * steps.response(from: from, to: to)
            }
          }
          output[point] = gain * sum
        }
      }
      count = points
    }
  }
}
