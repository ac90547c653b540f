import LatticeCHeader
import LatticeSupport
import Unaries

/// A caller's scores, checked but for their numbers.
struct ScoreArguments {
  private let scores: UnsafePointer<Float>
  private let grid: GridShape
  private let labelCount: Int
  private let kind: ScoreKind
  private let layout: ChannelLayout

  /// - Parameter grid: that of the scores, which may be coarser than the scene's.
  init(
    _ scores: UnsafePointer<Float>?, count: Int64, on grid: GridShape, labelCount: Int,
    kind: Int32, layout: Int32
  ) throws {
    self.scores = try Arguments.pointer(scores, "scores")
    self.grid = grid
    self.labelCount = labelCount
    self.layout = try ChannelLayout(layout)
    self.kind = try Enumerations.scoreKinds.entry(kind)
    try Arguments.count(count, labelCount, grid.count, "the scores")
  }

  /// The energies over a scene.
  ///
  /// - Throws: a `CallError` or `InputError` where numbers are of no use, or the grids do not fit.
  func energies(
    on sceneGrid: GridShape, minimumProbability: Float, parallelism: Parallelism
  ) throws -> EnergyField {
    let areExtreme =
      try kind != .probabilities
      && ImpossibleLabels.check(
        scores, layout: layout, points: grid.count, channels: labelCount,
        impossible: kind == .logits ? -.infinity : .infinity, "the score",
        parallelism: parallelism)
    try Cancellation.check()
    let array = try NumericArray(
      shape: layout.shape(labelCount, over: grid.extents),
      values: Array(UnsafeBufferPointer(start: scores, count: labelCount * grid.count)))
    let unary = try ScoreMapUnary(
      array, kind: kind, layout: layout,
      minimumProbability: minimumProbability, parallelism: parallelism)
    try Cancellation.check()
    let energies = try unary.energies(for: Scene(grid: sceneGrid))
    guard areExtreme else { return energies }
    var field = energies.values
    field.settleHardEnergies()
    try Cancellation.check()
    return EnergyField(unchecked: field, grid: sceneGrid)
  }
}
