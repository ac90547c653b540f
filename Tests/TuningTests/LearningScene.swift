import LatticeSupport
import Tuning
import Unaries

/// Small images with noisy scores, to learn on: a bright half beside a dark one, and a third label
/// that the scores take for the first.
enum LearningScene {
  static let width = 12
  static let height = 9
  static let labelCount = 3

  /// Images in memory.
  ///
  /// - Parameters:
  ///   - seeds: of one image each.
  ///   - scale: how many points stand for one along each axis.
  ///   - truth: changes the labels of an image.
  static func images(
    _ seeds: Range<UInt64> = 0..<3, enlargedBy scale: Int = 1,
    truth change: @escaping @Sendable (UInt64, inout [UInt16]) -> Void = { _, _ in }
  ) -> [TuningImage] {
    seeds.map { seed in
      TuningImage(
        name: "\(seed)", scores: "\(seed).npy", image: "\(seed).png", truth: "\(seed)-t.png"
      ) { _ in try sample(seed, scale) { change(seed, &$0) } }
    }
  }

  private static func sample(
    _ seed: UInt64, _ scale: Int, truth change: (inout [UInt16]) -> Void
  ) throws -> TuningImage.Sample {
    var random = SeededGenerator(seed: seed)
    let small = GridShape(width: width, height: height)
    var truth = (0..<small.count).map { point -> UInt16 in
      let (row, column) = point.quotientAndRemainder(dividingBy: width)
      return column < 6 ? (row < 4 ? 0 : 2) : 1
    }
    let colors = truth.flatMap { label in
      (0..<3).map { _ in Float(60 + 50 * label) + 12 * random.normal() }
    }
    let energies = truth.flatMap { label in
      (0..<labelCount).map { other -> Float in
        (Int(label) == other || label == 2 && other == 0 ? 0 : 1) + 0.9 * random.normal()
      }
    }
    change(&truth)
    let grid = GridShape(width: width * scale, height: height * scale)
    let sources = (0..<grid.count).map { point in
      point / grid.width / scale * width + point % grid.width / scale
    }
    let image = try Image(
      grid: grid, channels: 3,
      pixels: .floats(sources.flatMap { Array(colors[3 * $0..<3 * $0 + 3]) }))
    let planes = (0..<labelCount).flatMap { label in
      sources.map { energies[$0 * labelCount + label] }
    }
    return TuningImage.Sample(
      scene: Scene(image),
      energies: try EnergyField(
        grid: grid, labelCount: labelCount, planes: planes, parallelism: .serial),
      truth: try LabelMap(grid: grid, labels: sources.map { truth[$0] }))
  }
}
