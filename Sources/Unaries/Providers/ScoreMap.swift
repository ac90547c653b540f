import LatticeSupport

/// Scores, in the order of their file; finite, those of labels that are ruled out too.
struct ScoreMap: Sendable {
  /// How many labels they are of, and on which grid.
  let form: ScoreShape
  let values: [Float]
  /// Whether some label is ruled out somewhere: scores of `HardScores` stand for infinite ones.
  let rulesOut: Bool

  /// - Parameters:
  ///   - kind: what the scores mean. Logits of −∞ and energies of +∞ rule labels out.
  ///   - normalizes: whether the scores of each point are divided by their sum.
  /// - Throws: `InputError` as `ScoreShape` does, or where a score is NaN or infinite otherwise, or
  ///   all labels of a point are ruled out.
  init(
    _ scores: NumericArray, layout: ChannelLayout, kind: ScoreKind, normalizes: Bool = false
  ) throws {
    form = try ScoreShape(scores.shape, layout: layout)
    var values = scores.values
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      try HardScores.replaceInfinities(in: &values, from: index, form, kind)
      rulesOut = true
    } else {
      rulesOut = false
    }
    if normalizes { Self.normalize(&values, form) }
    self.values = values
  }

  /// Divides the scores of each point, negative ones taken for 0, by their sum; where that is 0,
  /// all labels are equally likely. O(N·L).
  private static func normalize(_ values: inout [Float], _ form: ScoreShape) {
    let labels = 0..<form.labelCount
    for point in 0..<form.grid.count {
      let first = point * form.pointStep
      let sum = labels.reduce(0.0) { $0 + Double(max(values[first + $1 * form.labelStep], 0)) }
      for label in labels {
        let index = first + label * form.labelStep
        values[index] =
          sum > 0
          ? Float(Double(max(values[index], 0)) / sum) : 1 / Float(form.labelCount)
      }
    }
  }

  /// - Throws: `InputError` where the scores at some point are not a distribution over the labels.
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
  private func reread(as layout: ChannelLayout) -> ScoreMap? {
    try? ScoreMap(
      NumericArray(shape: form.shape, values: values), layout: layout, kind: .probabilities)
  }
}
