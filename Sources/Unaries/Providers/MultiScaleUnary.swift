import LatticeSupport

/// Energies from the logits of one image at several scales, fused by their maximum.
///
/// Each map is upsampled to the scene on its own; the largest score of a label at a point goes into
/// the softmax. This is the fusion of DeepLab: Chen et al., TPAMI 2018, arXiv:1606.00915, §3.2. For
/// the mean of the probabilities instead, as DeepLab v3 has it, put one `ScoreMapUnary` a scale
/// into an `EnsembleUnary`.
public struct MultiScaleUnary: Unary {
  private let maps: [ScoreMap]
  private let minimumProbability: Float
  private let alignCorners: Bool
  private let parallelism: Parallelism

  /// - Parameters:
  ///   - scores: logits of the same L labels, one array a scale, in any order; at least one.
  ///   - layout: the order of the axes.
  ///   - minimumProbability: smaller probabilities are raised to it before the logarithm; between 0
  ///     and 1.
  ///   - alignCorners: how coarse scores are placed over the scene; see `Resampling.alignCorners`.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where there is no map, one has an empty or missing axis or a score that
  ///   is neither finite nor −∞, or the maps differ in their number of labels.
  public init(
    _ scores: [NumericArray], layout: ChannelLayout, minimumProbability: Float = 1e-5,
    alignCorners: Bool = false, parallelism: Parallelism = .automatic
  ) throws {
    try ProbabilityChecks.check(minimumProbability: minimumProbability)
    guard !scores.isEmpty else {
      throw InputError(.usage, "no score maps are given, but at least one scale is needed")
    }
    maps = try scores.enumerated().map { index, scores in
      try Self.naming(index) { try ScoreMap(scores, layout: layout, kind: .logits) }
    }
    for (index, map) in maps.enumerated() where map.form.labelCount != maps[0].form.labelCount {
      throw InputError(
        .data,
        "scale \(index) has \(map.form.labelCount) labels, but scale 0 has \(maps[0].form.labelCount)",
        remedy: "all scales must score the same labels")
    }
    self.minimumProbability = minimumProbability
    self.alignCorners = alignCorners
    self.parallelism = parallelism
  }

  /// L.
  public var labelCount: Int { maps[0].form.labelCount }

  /// The grids of the score maps, in the order given.
  public var nativeGrids: [GridShape] { maps.map(\.form.grid) }

  /// How each map would be read on `grid`; `nil` for those of its size.
  ///
  /// - Throws: `InputError` naming the first map that does not fit, counted from 0, as
  ///   `ScoreMapUnary.resampling(to:)`.
  public func resamplings(to grid: GridShape) throws -> [Resampling?] {
    try maps.enumerated().map { index, map in
      try Self.naming(index) { try map.form.resampling(to: grid, alignCorners: alignCorners) }
    }
  }

  /// The energies over `scene.grid`; the scene's image is not looked at.
  ///
  /// - Throws: as `resamplings(to:)`.
  /// - Complexity: O(N·L) a scale for a scene of N points; no memory but the result's.
  public func energies(for scene: Scene) throws -> EnergyField {
    let readers = zip(maps, try resamplings(to: scene.grid)).map {
      ScoreLineReader($0, resampling: $1)
    }
    let width = scene.grid.width
    let rulesOut = maps.contains { $0.rulesOut }
    return EnergyField(grid: scene.grid, labelCount: labelCount, parallelism: parallelism) {
      lines, rows in
      let scratch = readers.map { $0.makeScratch() }
      let buffer = AlignedBuffer<Float>(repeating: 0, count: width * rows.stride)
      let candidate = LabelRows(
        base: buffer.base, points: width, labels: rows.labels, stride: rows.stride)
      for (index, line) in lines.enumerated() {
        let row = rows.rows(index * width..<(index + 1) * width)
        readers[0].read(line, into: row, scratch: scratch[0])
        for scale in 1..<readers.count {
          readers[scale].read(line, into: candidate, scratch: scratch[scale])
          row.formMaximum(candidate)
        }
        row.convertLogits(minimumProbability: minimumProbability, rulesOut: rulesOut)
      }
    }
  }

  private static func naming<Result>(_ scale: Int, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as InputError {
      throw error.within("scale \(scale)")
    }
  }
}
