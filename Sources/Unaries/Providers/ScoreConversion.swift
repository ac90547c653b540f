import LatticeSupport

/// How scores become energies.
struct ScoreConversion: Sendable {
  private let kind: ScoreKind
  private let normalizes: Bool
  private let minimumProbability: Float
  private let parallelism: Parallelism

  /// - Throws: `InputError` unless `minimumProbability` lies between 0 and 1, or where scores that
  ///   are no probabilities are to be normalised.
  init(
    kind: ScoreKind, normalizes: Bool = false, minimumProbability: Float, parallelism: Parallelism
  ) throws {
    try ProbabilityChecks.check(minimumProbability: minimumProbability)
    guard !normalizes || kind == .probabilities else {
      throw InputError(
        .usage, "only probabilities can be divided by their sum, not \(kind)",
        remedy: "say that the scores are probabilities, or leave them as they are")
    }
    self.kind = kind
    self.normalizes = normalizes
    self.minimumProbability = minimumProbability
    self.parallelism = parallelism
  }

  /// The scores in `array`.
  ///
  /// - Throws: `InputError` where they are not finite, or not what their kind says.
  func scores(_ array: NumericArray, layout: ChannelLayout) throws -> ScoreMap {
    let scores = try ScoreMap(array, layout: layout, kind: kind, normalizes: normalizes)
    if kind == .probabilities { try scores.checkProbabilities() }
    return scores
  }

  /// The energies of the scores that `reader` reads on `grid`. O(N·L).
  func energies(_ reader: ScoreLineReader, over grid: GridShape, labelCount: Int) -> EnergyField {
    let width = grid.width
    return EnergyField(grid: grid, labelCount: labelCount, parallelism: parallelism) {
      lines, rows in
      let scratch = reader.makeScratch()
      for (index, line) in lines.enumerated() {
        let row = rows.rows(index * width..<(index + 1) * width)
        reader.read(line, into: row, scratch: scratch)
        convert(row, rulesOut: reader.rulesOut)
      }
    }
  }

  private func convert(_ rows: LabelRows, rulesOut: Bool) {
    switch kind {
    case .logits:
      rows.convertLogits(minimumProbability: minimumProbability, rulesOut: rulesOut)
    case .probabilities:
      rows.convertProbabilities(minimumProbability: minimumProbability, scale: 1)
    case .energies: if rulesOut { rows.settleHardEnergies() }
    }
  }
}
