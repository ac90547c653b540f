import LatticeSupport

extension EnergyField {
  /// Energies written in place, line by line, on several threads.
  ///
  /// A line is the points along the last axis. Nothing is copied and nothing checked afterwards:
  /// `fill` must leave finite energies, which clipped probabilities are.
  /// - Parameter fill: writes the rows of consecutive lines; their padding is filled afterwards.
  init(
    grid: GridShape, labelCount: Int, parallelism: Parallelism,
    fillingLines fill: (_ lines: Range<Int>, _ rows: LabelRows) -> Void
  ) {
    var values = ChannelField(uninitializedPoints: grid.count, channels: labelCount)
    let rows = LabelRows(
      base: values.mutableBase(), points: values.points, labels: labelCount,
      stride: values.stride)
    let width = grid.width
    let linesPerPiece = max(1, Parallelism.pointsPerPiece / width)
    parallelism.forEachChunk(of: grid.count / width, grain: linesPerPiece) { lines in
      let piece = rows.rows(lines.lowerBound * width..<lines.upperBound * width)
      fill(lines, piece)
      piece.fillPadding(with: Self.paddingEnergy)
    }
    self.init(unchecked: values, grid: grid)
  }

  /// Takes `values` as they are: finite, and padded with `paddingEnergy`.
  package init(unchecked values: consuming ChannelField, grid: GridShape) {
    self.grid = grid
    self.values = values
  }
}
