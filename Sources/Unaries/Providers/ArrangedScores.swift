import LatticeSupport

/// An array of scores with the axes that `ScoreAxes` has found: without those that are left out,
/// and of two labels where it is the foreground's channel.
package struct ArrangedScores: BoxSource {
  private let base: any BoxSource
  private let axes: ScoreAxes
  private let foreground: ForegroundChannel

  /// - Parameters:
  ///   - base: the array as it is stored, of the shape `axes.stored`.
  ///   - foreground: what one channel means; not used where there are more.
  package init(_ base: any BoxSource, axes: ScoreAxes, foreground: ForegroundChannel) {
    precondition(base.shape == axes.stored, "\(base.shape) are not the axes \(axes.stored)")
    self.base = base
    self.axes = axes
    self.foreground = foreground
  }

  package var shape: [Int] { axes.form.shape }

  package func read(_ box: [Range<Int>]) throws -> NumericArray {
    let extents = box.map(\.count)
    guard axes.isForeground else {
      return try NumericArray(shape: extents, values: base.read(stored(box)).values)
    }
    let labels = try foreground.labels(base.read(stored(Array(box.dropFirst()))).values)
    let points = labels.count / 2
    return try NumericArray(
      shape: extents, values: Array(labels[box[0].lowerBound * points..<box[0].upperBound * points])
    )
  }

  /// Whether the first scores are whole numbers that sum to 255 or 65535, but for rounding.
  ///
  /// - Throws: `InputError` where they cannot be read.
  package func lookLikeBytes(_ form: ScoreShape) throws -> Bool {
    let rows = 0..<min(Self.rowsLookedAt, form.grid.extents[0])
    let rest = form.grid.extents.dropFirst().map { 0..<$0 }
    let extents = [rows] + rest
    let labels = 0..<form.labelCount
    let box = form.layout == .channelsFirst ? [labels] + extents : extents + [labels]
    let values = try read(box).values
    let points = values.count / form.labelCount
    let (point, label) = form.layout == .channelsFirst ? (1, points) : (form.labelCount, 1)
    return (0..<points).allSatisfy { index in
      let row = labels.map { values[index * point + $0 * label] }
      return ProbabilityChecks.looksLikeBytes(row, sum: Double(row.reduce(0, +)))
    }
  }

  /// Enough to tell bytes that are probabilities from others.
  private static let rowsLookedAt = 4

  /// The whole array.
  package func array() throws -> NumericArray { try read(shape.map { 0..<$0 }) }

  /// The same box with the axes that are left out.
  private func stored(_ box: [Range<Int>]) -> [Range<Int>] {
    var rest = box[...]
    return axes.stored.indices.map { axes.dropped.contains($0) ? 0..<1 : rest.removeFirst() }
  }
}

/// What the single channel of a problem of two labels means.
package struct ForegroundChannel: Sendable {
  private let kind: ScoreKind
  /// What stands for the probability 1; `nil` where probabilities must be such already.
  private let one: Float?

  /// - Parameters:
  ///   - kind: logits before the sigmoid, or probabilities after it.
  ///   - one: the number that stands for the probability 1, where numbers are to be divided by it
  ///     and clipped to 0…1.
  /// - Throws: `InputError` for energies, which mean nothing without those of the background.
  package init(kind: ScoreKind, one: Float? = nil) throws {
    guard kind != .energies else {
      throw InputError(
        .usage, "one channel of energies says nothing without the background's",
        remedy: "give both as (2,H,W), or logits or probabilities of the foreground")
    }
    self.kind = kind
    self.one = one
  }

  /// The scores of the background, then those of the foreground: (0, z) of logits, with an infinite
  /// one as a constraint for the label that it is for, and (1 − p, p) of probabilities. O(N).
  ///
  /// - Throws: `InputError` where a number is neither.
  package func labels(_ values: [Float]) throws -> [Float] {
    if let index = values.firstIndex(where: { !isScore($0) }) { throw error(values[index]) }
    switch kind {
    case .logits, .energies:
      return values.map { $0 == .infinity ? -.infinity : 0 }
        + values.map { $0 == .infinity ? 0 : $0 }
    case .probabilities:
      guard let one else { return values.map { 1 - $0 } + values }
      let shares = values.map { min(max($0 / one, 0), 1) }
      return shares.map { 1 - $0 } + shares
    }
  }

  private func isScore(_ value: Float) -> Bool {
    let tolerance = ProbabilityChecks.valueTolerance
    return switch kind {
    case .logits, .energies: !value.isNaN
    case .probabilities:
      one == nil ? value >= -tolerance && value <= 1 + tolerance : value.isFinite
    }
  }

  private func error(_ value: Float) -> InputError {
    guard kind == .probabilities, value.isFinite else {
      return InputError(
        .data, "holds the number \(value), which is not a score",
        remedy: "mend the program that wrote it")
    }
    return InputError(
      .data, "holds the number \(value), but a probability of the foreground must lie in 0…1",
      remedy: """
        use \(set: .scoreKind(.logits)) if these are scores before the sigmoid; if they are \
        probabilities in 8 or 16 bits or slightly outside, add \(set: .normalizeScores)
        """)
  }
}

extension ScoreMapUnary {
  /// Energies of two labels, background and foreground, from the foreground's channel alone: the
  /// output of a network with one sigmoid.
  ///
  /// - Parameters:
  ///   - scores: the channel over the grid, (H, W) for an image; axes of length 1 are left out.
  ///   - kind: logits before the sigmoid (the background's is 0), or probabilities after it (the
  ///     background's is 1 − p). An infinite logit is a constraint.
  ///   - minimumProbability: as for scores of more labels.
  ///   - alignCorners: as for scores of more labels.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` for energies, which mean nothing without the background's, and where a
  ///   number is not a logit or probability.
  /// - Complexity: O(N).
  public init(
    foreground scores: NumericArray, kind: ScoreKind, minimumProbability: Float = 1e-5,
    alignCorners: Bool = false, parallelism: Parallelism = .automatic
  ) throws {
    let axes = try ScoreAxes(scores.shape, layout: .channelsFirst, isForeground: true)
    try self.init(
      ArrangedScores(scores, axes: axes, foreground: ForegroundChannel(kind: kind)).array(),
      kind: kind, layout: .channelsFirst, minimumProbability: minimumProbability,
      alignCorners: alignCorners, parallelism: parallelism)
  }
}
