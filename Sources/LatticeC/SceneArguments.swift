import LatticeCHeader
import LatticeSupport
import Unaries

/// A `latticecrf_scene`, checked but for its numbers.
struct SceneArguments {
  let grid: GridShape
  let labelCount: Int
  let parallelism: Parallelism
  private let scene: latticecrf_scene
  private let scores: ScoreArguments

  /// What smaller probabilities are raised to where nothing else is said, as in pydensecrf.
  private static let minimumProbability: Float = 1e-5

  init(_ scene: latticecrf_scene) throws {
    self.scene = scene
    grid = try Arguments.grid(scene.extents, rank: scene.rank)
    labelCount = try Arguments.integer(
      scene.labels, in: 1...Arguments.mostLabels, "the number of labels")
    parallelism = try Arguments.parallelism(threads: scene.threads)
      .suited(to: grid.count * labelCount)
    try Arguments.memory(labels: labelCount, on: grid)
    let scoreGrid =
      scene.score_extents == nil ? grid : try Arguments.grid(scene.score_extents, rank: scene.rank)
    scores = try ScoreArguments(
      scene.scores, count: scene.score_count, on: scoreGrid, labelCount: labelCount,
      kind: scene.kind, layout: scene.layout)
  }

  func energies() throws -> EnergyField {
    let least = scene.minimum_probability
    return try scores.energies(
      on: grid, minimumProbability: least == 0 ? Self.minimumProbability : least,
      parallelism: parallelism)
  }

  /// The points that count; `nil` for all.
  func mask() throws -> PointMask? {
    guard let mask = scene.mask else { return nil }
    try Arguments.count(scene.mask_count, 1, grid.count, "the mask")
    return try PointMask(
      grid: grid, isCounted: UnsafeBufferPointer(start: mask, count: grid.count).map { $0 != 0 })
  }

  /// How far points are moved; `nil` where they stay.
  func displacements() throws -> [Float]? {
    guard let displacements = scene.displacements else { return nil }
    try Arguments.count(
      scene.displacement_count, grid.count, grid.rank, "the array of displacements")
    return try Arguments.numbers(
      displacements, count: grid.count * grid.rank, "the array of displacements",
      magnitude: Arguments.largestFeature)
  }

  /// Where the grid lies in a larger scene; `nil` where it is one of its own.
  func origin() throws -> [Int]? {
    guard scene.origin != nil else { return nil }
    let origin = try Arguments.pointer(scene.origin, "origin", alignment: 8)
    return try (0..<grid.rank).map {
      try Arguments.integer(
        origin[$0], in: -Arguments.mostPoints...Arguments.mostPoints,
        "coordinate \($0) of the origin")
    }
  }

  /// - Parameter leastSigma: the least bandwidth of colours; `nil` where none are compared.
  func image(leastSigma: Float?) throws -> Image? {
    try Self.image(of: scene, on: grid, leastSigma: leastSigma)
  }

  /// The same for a scene without scores.
  static func image(
    of scene: latticecrf_scene, on grid: GridShape, leastSigma: Float?
  ) throws -> Image? {
    guard scene.image != nil else { return nil }
    let channels = try Arguments.integer(
      scene.channels, in: 1...ImageArguments.mostChannels, "the number of channels")
    try Arguments.count(scene.image_count, grid.count, channels, "the image")
    try checkFeatures(grid.count, dimensions: grid.rank + channels)
    return try ImageArguments.image(
      scene.image, scene.element, on: grid, channels: channels, leastSigma: leastSigma)
  }
}
