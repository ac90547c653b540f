extension LabelMap {
  /// The labels on another grid: each point takes the label of the nearest point.
  ///
  /// With n input and m output points along an axis, output i takes input ⌊(i + ½)·n/m⌋, in whole
  /// numbers, so that no rounding decides: how labels are brought to the stride of a network's
  /// scores.
  ///
  /// - Parameters:
  ///   - height: rows of the result, at least 1.
  ///   - width: columns of the result, at least 1.
  public func nearest(height: Int, width: Int) -> LabelMap {
    precondition(grid.rank == 2, "labels over \(grid.rank) axes cannot become \(height) × \(width)")
    func sources(_ inputs: Int, _ outputs: Int) -> [Int] {
      (0..<outputs).map { Self.nearest($0, of: inputs, to: outputs) }
    }
    let columns = sources(grid.width, width)
    let labels = sources(grid.height, height).flatMap { row in
      columns.map { self.labels[row * grid.width + $0] }
    }
    return LabelMap(unchecked: labels, grid: GridShape(width: width, height: height))
  }

  /// The input point of output `output`, along an axis of `inputs` input and `outputs` output
  /// points.
  package static func nearest(_ output: Int, of inputs: Int, to outputs: Int) -> Int {
    (2 * output + 1) * inputs / (2 * outputs)
  }
}
