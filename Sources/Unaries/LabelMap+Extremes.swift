import LatticeSupport

extension LabelMap {
  /// The label of the least value of each row, the lower label where two are equal. O(N·L).
  package init(ofLeast values: ChannelField, grid: GridShape, parallelism: Parallelism) {
    self.init(ofBest: values, grid: grid, parallelism: parallelism) { $0 < $1 }
  }

  /// The label of the greatest value of each row, the lower label where two are equal. O(N·L).
  package init(ofGreatest values: ChannelField, grid: GridShape, parallelism: Parallelism) {
    self.init(ofBest: values, grid: grid, parallelism: parallelism) { $0 > $1 }
  }

  /// Inlined, so that each of its two callers has a loop with a comparison of its own.
  @inline(__always)
  private init(
    ofBest values: ChannelField, grid: GridShape, parallelism: Parallelism,
    isBetter: (Float, Float) -> Bool
  ) {
    precondition(
      values.points == grid.count, "\(values.points) rows over \(grid.count) points")
    precondition(
      values.channels <= Int(UInt16.max) + 1,
      "\(values.channels) labels do not fit a label map of 16 bits")
    let (base, stride, labelCount) = (values.base, values.stride, values.channels)
    let labels = [UInt16](unsafeUninitializedCapacity: grid.count) { output, initialized in
      let output = output.baseAddress!
      parallelism.forEachChunk(of: grid.count, grain: Parallelism.pointsPerPiece) { points in
        for point in points {
          let row = base + point * stride
          var best = 0
          for label in 1..<max(1, labelCount) where isBetter(row[label], row[best]) { best = label }
          (output + point).initialize(to: UInt16(best))
        }
      }
      initialized = grid.count
    }
    self.init(unchecked: labels, grid: grid)
  }
}
