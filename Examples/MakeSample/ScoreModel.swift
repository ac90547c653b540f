import Foundation
import LatticeSupport

/// Scores as a network of output stride 8 would give them: right about the scene as a whole,
/// blurred and displaced at outlines, taken in by lookalikes here and there.
struct ScoreModel: Sendable {
  let width: Int
  let height: Int
  let seed: UInt64

  /// Pixels to a cell of the score map along each axis.
  static let outputStride = 8
  private static let classCount = SceneClass.allCases.count
  /// How far outlines stray, in pixels at the extremes, and over what length they stray together.
  private static let displacement: (reach: Float, wavelength: Float) = (14, 30)
  /// The size of a patch of confusion in cells, and the largest share a lookalike takes.
  private static let confusion: (wavelength: Float, share: Float) = (5, 0.62)
  /// Probabilities below this are as good as none to a network.
  private static let floor: Float = 0.004
  private static let sharpness: Float = 1.3
  /// Of the scores: common to neighbouring cells, and of each cell alone.
  private static let noise: (smooth: Float, white: Float) = (1.6, 0.25)

  var columns: Int { width / Self.outputStride }
  var rows: Int { height / Self.outputStride }
  private var cells: Int { rows * columns }

  /// Unnormalised scores, (class, row, column) with the column fastest.
  func scores(for labels: [UInt16]) -> [Float] {
    let shares = confused(blurred(cellShares(displaced(labels))))
    var generator = SeededGenerator(seed: seed &+ 40)
    return shares.indices.map { index in
      let (row, column) = (index / columns % rows, index % columns)
      let field = Noise(seed &+ 100 &+ UInt64(index / cells))
      let drift = 2 * field.fractal(Float(column) / 4, Float(row) / 4, octaves: 2) - 1
      return Self.sharpness * log(shares[index] + Self.floor) + Self.noise.smooth * drift
        + Self.noise.white * generator.normal()
    }
  }

  /// The labels with every outline bent by a smooth field.
  private func displaced(_ labels: [UInt16]) -> [UInt16] {
    let (across, down) = (Noise(seed &+ 1), Noise(seed &+ 2))
    let (reach, wavelength) = Self.displacement
    return labels.indices.map { index in
      let (x, y) = (Float(index % width), Float(index / width))
      let dx = reach * (2 * across.fractal(x / wavelength, y / wavelength, octaves: 2) - 1)
      let dy = reach * (2 * down.fractal(x / wavelength, y / wavelength, octaves: 2) - 1)
      let column = Int(clamp(x + dx, 0, Float(width - 1)))
      let row = Int(clamp(y + dy, 0, Float(height - 1)))
      return labels[row * width + column]
    }
  }

  /// The share of each cell's pixels that each class has.
  private func cellShares(_ labels: [UInt16]) -> [Float] {
    var shares = [Float](repeating: 0, count: Self.classCount * cells)
    let pixel = 1 / Float(Self.outputStride * Self.outputStride)
    for (index, label) in labels.enumerated() {
      let cell =
        index / width / Self.outputStride * columns + index % width / Self.outputStride
      shares[Int(label) * cells + cell] += pixel
    }
    return shares
  }

  /// Weights ¼, ½, ¼ along both axes: a receptive field is wider than a cell.
  private func blurred(_ shares: [Float]) -> [Float] {
    let across = shares.indices.map { index in
      let column = index % columns
      let left = shares[index - (column > 0 ? 1 : 0)]
      let right = shares[index + (column < columns - 1 ? 1 : 0)]
      return (left + 2 * shares[index] + right) / 4
    }
    return across.indices.map { index in
      let row = index / columns % rows
      let above = across[index - (row > 0 ? columns : 0)]
      let below = across[index + (row < rows - 1 ? columns : 0)]
      return (above + 2 * across[index] + below) / 4
    }
  }

  /// Shares passed to lookalikes in patches, more where classes meet.
  private func confused(_ shares: [Float]) -> [Float] {
    var result = shares
    for cell in 0..<cells {
      let (x, y) = (Float(cell % columns), Float(cell / columns))
      let largest = (0..<Self.classCount).map { shares[$0 * cells + cell] }.max() ?? 1
      for label in SceneClass.allCases {
        let field = Noise(seed &+ 200 &+ UInt64(label.rawValue))
        let (wavelength, share) = Self.confusion
        let doubt = field.fractal(x / wavelength, y / wavelength, octaves: 3)
        let taken = share * smoothstep(0.5, 0.8, doubt + 0.15 * (1 - largest))
        let source = Int(label.rawValue) * cells + cell
        let target = Int(label.lookalike.rawValue) * cells + cell
        result[source] -= taken * shares[source]
        result[target] += taken * shares[source]
      }
    }
    return result
  }
}
