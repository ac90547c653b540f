import LatticeSupport
import Unaries

/// A made-up photograph and scores for it, of any size: regions of a colour each, shaded, textured
/// and noisy, so that lattices are about as full as those of photographs.
struct SyntheticScene {
  let image: Image
  /// L × H × W.
  let energies: [Float]

  /// - Complexity: O(W·H·L).
  init(width: Int, height: Int, labels: Int, parallelism: Parallelism) throws {
    var random = SeededGenerator(seed: 17)
    let scores = (0..<labels).map { _ in
      Relief(width: width, height: height, cell: 90, random: &random)
    }
    let shade = Relief(width: width, height: height, cell: 70, random: &random)
    let texture = Relief(width: width, height: height, cell: 5, random: &random)
    let colours = (0..<labels).map { _ in (0..<3).map { _ in 60 + 140 * random.uniform() } }
    var bytes = [UInt8](repeating: 0, count: 3 * width * height)
    var rows = ChannelField(points: width * height, channels: labels)
    let (base, stride) = (rows.mutableBase(), rows.stride)
    bytes.withUnsafeMutableBufferPointer { bytes in
      nonisolated(unsafe) let bytes = bytes
      parallelism.forEach(height) { y in
        var noise = SeededGenerator(seed: UInt64(y))
        for x in 0..<width {
          let row = base + (y * width + x) * stride
          var best = 0
          for label in 0..<labels {
            row[label] = 3 * scores[label].value(x, y)
            if row[label] > row[best] { best = label }
          }
          let light = 18 * shade.value(x, y) + 4 * texture.value(x, y)
          for channel in 0..<3 {
            let value = colours[best][channel] + light + 2.5 * noise.normal()
            bytes[3 * (y * width + x) + channel] = UInt8(max(0, min(255, value)))
          }
        }
      }
    }
    let unary = try ScoreMapUnary(
      NumericArray(shape: [labels, height, width], values: rows.planes()), kind: .logits,
      layout: .channelsFirst)
    let image = try Image(width: width, height: height, rgb: bytes)
    self.image = image
    energies = try unary.energies(for: image).values.planes()
  }

  /// A smooth random surface: normally distributed values on a coarse grid, interpolated.
  private struct Relief: Sendable {
    private let cell: Float
    private let columns: Int
    private let values: [Float]

    init(width: Int, height: Int, cell: Int, random: inout SeededGenerator) {
      self.cell = Float(cell)
      columns = width / cell + 2
      values = (0..<columns * (height / cell + 2)).map { _ in random.normal() }
    }

    func value(_ x: Int, _ y: Int) -> Float {
      let (u, v) = (Float(x) / cell, Float(y) / cell)
      let (i, j) = (Int(u), Int(v))
      let (a, b) = (u - Float(i), v - Float(j))
      let at = j * columns + i
      let upper = values[at] + a * (values[at + 1] - values[at])
      let lower =
        values[at + columns] + a * (values[at + columns + 1] - values[at + columns])
      return upper + b * (lower - upper)
    }
  }
}
