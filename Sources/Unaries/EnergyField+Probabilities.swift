import LatticeSupport

extension EnergyField {
  /// Energies −log p of probabilities, as pydensecrf's `unary_from_softmax` takes them.
  ///
  /// - Parameters:
  ///   - grid: N points.
  ///   - probabilities: N × L; each row sums to 1.
  ///   - minimumProbability: smaller probabilities are raised to it before the logarithm; between 0
  ///     and 1.
  ///   - scale: how far the probabilities are trusted, in (0, 1]: `scale`·p + (1 − `scale`)/L takes
  ///     the place of p. 1 leaves them alone.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where the number of points differs, a value lies outside 0…1, a row
  ///   does not sum to 1, or a parameter is out of range.
  /// - Complexity: O(N·L).
  public init(
    grid: GridShape, probabilities: ChannelField, minimumProbability: Float = 1e-5,
    scale: Float = 1, parallelism: Parallelism = .automatic
  ) throws {
    guard probabilities.points == grid.count else {
      throw InputError(
        .data,
        "probabilities of \(probabilities.points) points do not fit a grid of \(grid) points")
    }
    try ProbabilityChecks.check(minimumProbability: minimumProbability)
    guard scale > 0, scale <= 1 else {
      throw InputError(
        .usage, "the scale of the probabilities is \(scale), but must lie above 0 and up to 1",
        remedy: "1 takes the probabilities as they are")
    }
    try ProbabilityChecks.check(
      probabilities.base, grid: grid, labels: probabilities.channels,
      pointStep: probabilities.stride, labelStep: 1)
    var energies = probabilities
    parallelism.forEachPiece(of: &energies) { _, rows in
      rows.convertProbabilities(minimumProbability: minimumProbability, scale: scale)
      rows.fillPadding(with: Self.paddingEnergy)
    }
    self.init(unchecked: energies, grid: grid)
  }

  /// The probabilities exp(−θ)/Z that the energies stand for, N × L: where mean field starts.
  ///
  /// - Complexity: O(N·L).
  public func probabilities(parallelism: Parallelism = .automatic) -> ChannelField {
    var probabilities = values
    parallelism.forEachPiece(of: &probabilities) { _, rows in rows.convertEnergies() }
    return probabilities
  }

  /// The label of least energy at each point, the lower label where two are equal: the labels
  /// before the CRF.
  ///
  /// - Complexity: O(N·L).
  public func labels(parallelism: Parallelism = .automatic) -> LabelMap {
    LabelMap(ofLeast: values, grid: grid, parallelism: parallelism)
  }

  /// Energies −log Q of marginals, for what refines them further. Labels of probability 0 are ruled
  /// out.
  ///
  /// - Complexity: O(N·L); in place where nothing else holds the marginals.
  public init(of marginals: consuming Marginals, parallelism: Parallelism = .automatic) {
    let grid = marginals.grid
    var values = marginals.values
    _ = consume marginals
    parallelism.forEachPiece(of: &values) { _, rows in
      rows.convertMarginals()
      rows.fillPadding(with: Self.paddingEnergy)
    }
    self.init(unchecked: values, grid: grid)
  }

  /// softmax(−θ), in place where nothing else holds the energies; the padding of rows is 0.
  ///
  /// - Complexity: O(N·L).
  package consuming func marginals(parallelism: Parallelism) -> Marginals {
    let grid = grid
    var values = values
    _ = consume self
    parallelism.forEachPiece(of: &values) { _, rows in rows.convertEnergies() }
    return Marginals(unchecked: values, grid: grid)
  }

  /// softmax(−θ/T), in place where nothing else holds the energies.
  ///
  /// - Complexity: O(N·L).
  package consuming func marginals(temperature: Float, parallelism: Parallelism) -> Marginals {
    let grid = grid
    var values = values
    _ = consume self
    parallelism.forEachPiece(of: &values) { _, rows in
      rows.divideEnergies(by: temperature)
      rows.convertEnergies()
    }
    return Marginals(unchecked: values, grid: grid)
  }
}
