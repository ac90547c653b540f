import Support

/// Finite scores, in the order of their file.
struct ScoreMap: Sendable {
  /// How many labels they are of, and on which grid.
  let form: ScoreShape
  let values: [Float]

  /// - Throws: `InputError` as `ScoreShape` does, or where a score is not finite.
  init(_ scores: NumericArray, layout: ScoreLayout) throws {
    form = try ScoreShape(scores.shape, layout: layout)
    values = scores.values
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      let (point, label) = form.place(of: index)
      throw InputError(
        .data,
        "the score of label \(label) at \(form.grid.position(of: point)) is \(values[index])",
        remedy: "scores must be finite; mend the program that wrote them")
    }
  }

  /// - Throws: `InputError` where the scores at some point are no distribution over the labels.
  func checkProbabilities() throws {
    do {
      try check(self)
    } catch let error as InputError {
      // Read in the other order they may well be one: then the order is what is wrong.
      guard let other = reread(as: form.layout.other), (try? check(other)) != nil else {
        throw error
      }
      throw InputError(
        error.kind, error.problem,
        remedy: ScoreShape.remedy(forLayout: other.form.layout, rank: form.grid.rank))
    }
  }

  private func check(_ scores: ScoreMap) throws {
    try scores.values.withUnsafeBufferPointer { values in
      try ProbabilityChecks.check(
        values.baseAddress!, grid: scores.form.grid, labels: scores.form.labelCount,
        pointStep: scores.form.pointStep, labelStep: scores.form.labelStep)
    }
  }

  /// The same numbers, their axes read in another order.
  private func reread(as layout: ScoreLayout) -> ScoreMap? {
    try? ScoreMap(NumericArray(shape: form.shape, values: values), layout: layout)
  }
}
