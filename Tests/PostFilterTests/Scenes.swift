import LatticeSupport
import PostFilters
import Testing
import Unaries

/// Small scenes and scores, the same every time.
enum Small {
  /// An image with an edge and noise, levels of 0…255.
  static func scene(_ extents: [Int], channels: Int = 3) throws -> Scene {
    let grid = try GridShape(extents)
    var generator = SeededGenerator(seed: 5)
    let values = (0..<grid.count).flatMap { point -> [UInt8] in
      let place = grid.coordinates(of: point)
      let isBright = place.reduce(0, +) * 2 > extents.reduce(0, +)
      return (0..<channels).map { channel in
        UInt8((isBright ? 170 : 60) + 10 * channel) + UInt8(generator.uniform() * 40)
      }
    }
    return Scene(try Image(grid: grid, channels: channels, pixels: .bytes(values)))
  }

  /// A scene without edges.
  static func flat(_ extents: [Int]) throws -> Scene {
    let grid = try GridShape(extents)
    return Scene(
      try Image(
        grid: grid, channels: 2, pixels: .bytes([UInt8](repeating: 90, count: 2 * grid.count))))
  }

  /// Distributions over labels, some of them sharp.
  static func scores(_ grid: GridShape, labels: Int = 3) -> ChannelField {
    var generator = SeededGenerator(seed: 8)
    return ChannelField(
      points: grid.count, channels: labels,
      rows: (0..<grid.count).flatMap { _ -> [Float] in
        let weights = (0..<labels).map { _ in generator.uniform() + 1e-3 }
        let powers = weights.map { $0 * $0 * $0 }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
      })
  }

  static func constant(_ grid: GridShape, _ row: [Float]) -> ChannelField {
    ChannelField(
      points: grid.count, channels: row.count, rows: (0..<grid.count).flatMap { _ in row })
  }
}

/// What every filter promises, whatever it does.
func expectPromises(
  _ filter: some ScoreFilter, over scene: Scene, keepsSums: Bool = true
) throws {
  let scores = Small.scores(scene.grid)
  let filtered = try filter.filter(scores, over: scene, parallelism: .serial)
  let three = try filter.filter(scores, over: scene, parallelism: Parallelism(threads: 3))
  #expect(filtered.rows() == three.rows(), "\(filter.name) depends on threads")
  #expect(filtered.rows() != scores.rows(), "\(filter.name) does nothing")
  guard keepsSums else { return }
  // A constant stays one, and rows keep their sums: to the rounding of a few hundred weights.
  let row: [Float] = [0.25, 0.5, 0.125]
  let constant = try filter.filter(
    Small.constant(scene.grid, row), over: scene, parallelism: .serial)
  for point in 0..<scene.grid.count {
    for (label, value) in row.enumerated() {
      #expect(abs(constant[point, label] - value) < 2e-6, "\(filter.name), point \(point)")
    }
    let sum = (0..<3).reduce(Float(0)) { $0 + filtered[point, $1] }
    #expect(abs(sum - 1) < 4e-6, "\(filter.name): point \(point) sums to \(sum)")
  }
}
