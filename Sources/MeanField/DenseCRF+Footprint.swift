import Lattice

extension DenseCRF {
  /// What an inference holds in memory, in bytes.
  package struct Footprint: Sendable {
    /// N × Lₚ energies, whose place the marginals take in the end.
    package var energies = 0
    /// Each point's vertices and weights.
    package var corners = 0
    /// What marginals are splatted to and messages sliced from, with what the blur needs.
    package var rows = 0
    /// Rows of all kernels, for one point.
    package var rowsPerPoint = 0.0
  }

  /// The footprint, where all filters have rows; `nil` otherwise.
  package var footprint: Footprint? {
    var footprint = Footprint()
    let stride = unary.values.stride
    footprint.energies = 4 * unary.values.points * stride
    for term in terms {
      guard let filter = term.kernel.filter.factored else { return nil }
      footprint.corners += 8 * filter.points * filter.splatMatrix.corners
      footprint.rows += 4 * (2 * filter.rowCount * stride + filter.blurScratch(stride: stride))
      footprint.rowsPerPoint += Double(filter.rowCount) / Double(max(1, filter.points))
    }
    return footprint
  }
}
