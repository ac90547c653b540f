import CKernels
import LatticeSupport

/// A filter of the form K = Sᵀ·B·S: every point spreads its value to a few rows with weights, the
/// rows are blurred among themselves, and the point gathers from the same rows with the same
/// weights.
///
/// Whoever filters often need not store the N × C values in between: it can gather, compute and
/// spread again point by point.
package protocol FactoredFilter: GaussianFilter {
  /// Rows that a point spreads to.
  var corners: Int { get }
  /// Runs of points whose rows do not overlap; cut by N alone.
  var segments: [FactoredSegment] { get }
  /// Row 0, the rows of all segments, and others that the blur needs and sets itself.
  var rowCount: Int { get }

  /// What a gathered sum is multiplied with.
  var gain: Float { get }

  /// Whether `apply` goes by the segments' weights, so that these can be changed.
  var appliesWeights: Bool { get }

  /// Floats of scratch memory that `blur` needs for rows of `stride` channels.
  func blurScratch(stride: Int) -> Int

  /// Applies B to what was spread, in place.
  ///
  /// - Parameters:
  ///   - rows: `rowCount` rows; row 0 stands for absent neighbours and must be 0.
  ///   - scratch: `blurScratch(stride:)` floats.
  func blur(_ rows: RowPanels, scratch: AlignedBuffer<Float>)
}

extension FactoredFilter {
  package var appliesWeights: Bool { true }

  package func blurScratch(stride: Int) -> Int { 0 }

  /// K·`values`, with B replaced by `blur`: spreads, blurs and gathers.
  func apply(
    to values: ChannelField, into output: inout ChannelField, parallelism: Parallelism,
    blur: (RowPanels) -> Void
  ) {
    let stride = values.stride
    let rows = RowPanels(rowCount: rowCount, stride: stride)
    rows.clear()
    parallelism.forEachUnlessCancelled(segments.count) { index in
      let segment = segments[index]
      segment.forEachVisit { points, vertices, weights in
        ck_lattice_splat(
          values.base + points.lowerBound * stride, points.count, stride, vertices, weights,
          Int32(corners), rows.base, rowCount, segment.rows.lowerBound)
      }
    }
    blur(rows)
    let target = output.mutableBase()
    parallelism.forEachUnlessCancelled(segments.count) { index in
      let segment = segments[index]
      segment.forEachVisit { points, vertices, weights in
        ck_lattice_slice(
          rows.base, rowCount, segment.rows.lowerBound, points.count, stride, vertices, weights,
          Int32(corners), gain, target + points.lowerBound * stride)
      }
    }
  }
}

extension FactoredFilter {
  /// K·1, the row sums, as `apply` to a single channel of ones would give them.
  ///
  /// - Complexity: O((N + M)·corners); four floats a row of scratch memory.
  package func rowSums(parallelism: Parallelism) -> AlignedBuffer<Float> {
    let rows = RowPanels(rowCount: rowCount, stride: 4)
    rows.clear()
    parallelism.forEachUnlessCancelled(segments.count) { index in
      let segment = segments[index]
      ck_lattice_splat_ones(
        segment.points.count, segment.vertices.base, segment.weights.base, Int32(corners),
        rows.base + 4 * segment.rows.lowerBound)
    }
    blur(rows, scratch: AlignedBuffer(uninitialized: blurScratch(stride: 4)))
    let sums = AlignedBuffer<Float>(uninitialized: points)
    parallelism.forEachUnlessCancelled(segments.count) { index in
      let segment = segments[index]
      segment.forEachVisit { points, vertices, weights in
        ck_lattice_slice_first(
          rows.base + 4 * segment.rows.lowerBound, points.count, vertices, weights,
          Int32(corners), gain, sums.base + points.lowerBound)
      }
    }
    return sums
  }
}

extension FactoredFilter {
  /// Makes this diag(scales)·K·diag(scales), in place: nobody else may use the filter yet, and it
  /// must apply its weights.
  ///
  /// - Complexity: O(N·corners).
  package func scale(by scales: AlignedBuffer<Float>, parallelism: Parallelism) {
    precondition(
      appliesWeights && scales.count == points, "\(scales.count) scales for \(points) points")
    parallelism.forEach(segments.count) { index in
      let segment = segments[index]
      segment.forEachVisit { points, _, weights in
        ck_scale_groups(weights, scales.base + points.lowerBound, points.count, corners)
      }
    }
  }
}
