import LatticeSupport
import Unaries

/// A scene made smaller by a whole number along each axis, for answers that come at once.
///
/// Colours and energies are the means of the pixels that become one.
package struct CoarseScene: Sendable {
  let factor: Int
  package let scene: Scene
  package let energies: EnergyField

  /// - Parameter factor: how many pixels of a row or a column become one, at least 1.
  /// - Complexity: O(N·L).
  package init(_ scene: Scene, _ energies: EnergyField, factor: Int, parallelism: Parallelism) {
    self.factor = factor
    let (blocks, grid) = Blocks.over(scene.grid, factor: factor)
    var small = Scene(
      grid: grid, image: scene.image.map { Self.image($0, blocks, grid) },
      mask: scene.mask.map { mask in
        let isCounted = (0..<grid.count).map { point in
          var counts = false
          blocks.forEach(of: point) { counts = counts || mask.isCounted[$0] }
          return counts
        }
        return PointMask(unchecked: isCounted, grid: grid)
      })
    small.spacing = scene.spacing.map { $0.map { $0 * Float(factor) } }
    self.scene = small
    self.energies = Self.energies(energies, blocks, grid, parallelism)
  }

  /// Which pixels become one.
  private struct Blocks: Sendable {
    let factor: Int
    let width: Int
    let height: Int
    let columns: Int

    static func over(_ grid: GridShape, factor: Int) -> (Blocks, GridShape) {
      let (width, height) = (grid.width, grid.height)
      let small = GridShape(
        width: (width + factor - 1) / factor, height: (height + factor - 1) / factor)
      let blocks = Blocks(factor: factor, width: width, height: height, columns: small.width)
      return (blocks, small)
    }

    /// Calls `body` for the pixels that become `point`.
    ///
    /// - Returns: how many there are.
    @discardableResult @inline(__always)
    func forEach(of point: Int, _ body: (Int) -> Void) -> Int {
      let (row, column) = point.quotientAndRemainder(dividingBy: columns)
      let xs = column * factor..<min(width, (column + 1) * factor)
      let ys = row * factor..<min(height, (row + 1) * factor)
      for y in ys {
        for x in xs { body(y * width + x) }
      }
      return xs.count * ys.count
    }
  }

  private static func image(_ image: Image, _ blocks: Blocks, _ grid: GridShape) -> Image {
    let channels = image.channels
    func means(_ value: (Int) -> Float) -> [Float] {
      var means = [Float](repeating: 0, count: grid.count * channels)
      for point in 0..<grid.count {
        let row = point * channels
        let count = blocks.forEach(of: point) { other in
          for channel in 0..<channels { means[row + channel] += value(other * channels + channel) }
        }
        for channel in 0..<channels { means[row + channel] /= Float(count) }
      }
      return means
    }
    let pixels: Image.Pixels =
      switch image.pixels {
      case .bytes(let values): .bytes(means { Float(values[$0]) }.map { UInt8($0.rounded()) })
      case .floats(let values): .floats(means { values[$0] })
      }
    return Image(unchecked: pixels, grid: grid, channels: channels)
  }

  private static func energies(
    _ energies: EnergyField, _ blocks: Blocks, _ grid: GridShape, _ parallelism: Parallelism
  ) -> EnergyField {
    let labels = energies.labelCount
    var field = ChannelField(uninitializedPoints: grid.count, channels: labels)
    let (source, target) = (energies.values.base, field.mutableBase())
    let stride = field.stride
    nonisolated(unsafe) let (input, output) = (source, target)
    parallelism.forEachChunk(of: grid.count, grain: 1024) { range in
      for point in range {
        let row = output + point * stride
        for channel in 0..<stride { row[channel] = 0 }
        let count = blocks.forEach(of: point) { other in
          let values = input + other * stride
          for channel in 0..<stride { row[channel] += values[channel] }
        }
        for channel in 0..<labels {
          row[channel] = min(EnergyField.paddingEnergy, row[channel] / Float(count))
        }
        for channel in labels..<stride { row[channel] = EnergyField.paddingEnergy }
      }
    }
    return EnergyField(unchecked: field, grid: grid)
  }
}
