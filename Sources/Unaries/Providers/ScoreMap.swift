import Support

/// Finite scores of L labels on a grid, in the order of their file.
struct ScoreMap: Sendable {
  let labelCount: Int
  let grid: GridShape
  let layout: ScoreLayout
  let values: [Float]

  /// - Throws: `InputError` where the array has no label axis and grid, an axis is empty, there are
  ///   more labels than a label map can name, or a score is not finite.
  init(_ scores: NumericArray, layout: ScoreLayout) throws {
    let shape = scores.shape
    guard shape.count >= 2 else {
      throw InputError(
        .data,
        "scores of shape \(Self.text(shape)) have no axes for labels and points: expected "
          + layout.axes(rank: 2),
        remedy: "save them with a plane for each label, before they are flattened or reduced")
    }
    guard !shape.contains(0) else {
      throw InputError(
        .data,
        "scores of shape \(Self.text(shape)) are empty: expected \(layout.axes(rank: 2)), every "
          + "axis at least 1 long", remedy: "check the program that wrote them")
    }
    let (labels, extents) = layout.split(shape)
    let most = Int(UInt16.max) + 1
    guard labels <= most else {
      throw InputError(
        .data,
        "scores of shape \(Self.text(shape)) read as \(layout.axes(rank: extents.count)) have "
          + "\(labels) labels, but at most \(most) can be told apart",
        remedy: Self.remedy(forLayout: layout.other, rank: extents.count))
    }
    labelCount = labels
    grid = try GridShape(extents)
    self.layout = layout
    values = scores.values
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      let (point, label) = place(of: index)
      throw InputError(
        .data, "the score of label \(label) at \(grid.position(of: point)) is \(values[index])",
        remedy: "scores must be finite; mend the program that wrote them")
    }
  }

  /// The distance in `values` between neighbouring points of the same label.
  var pointStep: Int { layout == .labelsFirst ? 1 : labelCount }
  /// The distance in `values` between neighbouring labels of the same point.
  var labelStep: Int { layout == .labelsFirst ? grid.count : 1 }

  /// The shape of the array.
  var shape: [Int] {
    switch layout {
    case .labelsFirst: [labelCount] + grid.extents
    case .labelsLast: grid.extents + [labelCount]
    }
  }

  /// The point and label of `values[index]`.
  private func place(of index: Int) -> (point: Int, label: Int) {
    switch layout {
    case .labelsFirst: (index % grid.count, index / grid.count)
    case .labelsLast: (index / labelCount, index % labelCount)
    }
  }

  /// - Throws: `InputError` where the scores at some point are no distribution over the labels.
  func checkProbabilities() throws {
    do {
      try check(self)
    } catch let error as InputError {
      // Read in the other order they may well be one: then the order is what is wrong.
      guard let other = reread(as: layout.other), (try? check(other)) != nil else { throw error }
      throw InputError(
        error.kind, error.problem, remedy: Self.remedy(forLayout: other.layout, rank: grid.rank))
    }
  }

  private func check(_ scores: ScoreMap) throws {
    try scores.values.withUnsafeBufferPointer { values in
      try ProbabilityChecks.check(
        values.baseAddress!, grid: scores.grid, labels: scores.labelCount,
        pointStep: scores.pointStep, labelStep: scores.labelStep)
    }
  }

  /// The same numbers, their axes read in another order.
  private func reread(as layout: ScoreLayout) -> ScoreMap? {
    try? ScoreMap(NumericArray(shape: shape, values: values), layout: layout)
  }

  static func remedy(forLayout layout: ScoreLayout, rank: Int) -> String {
    "looks like \(layout.axes(rank: rank)): use --layout \(layout.optionValue)"
  }

  /// A shape as Python prints it, which is where most of these files come from.
  static func text(_ shape: [Int]) -> String {
    "(" + shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? ",)" : ")")
  }
}

extension ScoreLayout {
  var other: ScoreLayout { self == .labelsFirst ? .labelsLast : .labelsFirst }
}
