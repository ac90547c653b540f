import LatticeSupport

/// Smooth noise without a stored table: any position can be asked, from any thread, in any order.
struct Noise: Sendable {
  private let seed: UInt64

  init(_ seed: UInt64) { self.seed = seed }

  /// A number in 0..<1 for whole coordinates.
  func cell(_ x: Int, _ y: Int, _ z: Int = 0) -> Float {
    var key = seed
    for coordinate in [x, y, z] {
      key = (key ^ UInt64(bitPattern: Int64(coordinate))) &* 0x9E37_79B9_7F4A_7C15
      key ^= key >> 32
    }
    var generator = SeededGenerator(seed: key)
    return generator.uniform()
  }

  /// Cell values, interpolated: in 0..<1, with detail of about one unit.
  func smooth(_ x: Float, _ y: Float) -> Float {
    let (column, row) = (x.rounded(.down), y.rounded(.down))
    let (i, j) = (Int(column), Int(row))
    let (u, v) = (smoothstep(0, 1, x - column), smoothstep(0, 1, y - row))
    return mix(
      mix(cell(i, j), cell(i + 1, j), u), mix(cell(i, j + 1), cell(i + 1, j + 1), u), v)
  }

  /// The same in space.
  func smooth(_ p: Vector) -> Float {
    let base = p.rounded(.down)
    let (i, j, k) = (Int(base.x), Int(base.y), Int(base.z))
    let f = p - base
    let t = f * f * (3 - 2 * f)
    func plane(_ k: Int) -> Float {
      mix(
        mix(cell(i, j, k), cell(i + 1, j, k), t.x),
        mix(cell(i, j + 1, k), cell(i + 1, j + 1, k), t.x), t.y)
    }
    return mix(plane(k), plane(k + 1), t.z)
  }

  /// Octaves of noise, each at twice the frequency and half the weight; in 0..<1, mean ½.
  func fractal(_ x: Float, _ y: Float, octaves: Int) -> Float {
    var (sum, weight, frequency, total) = (Float(0), Float(1), Float(1), Float(0))
    for octave in 0..<octaves {
      // The shift keeps the octaves' cells from lining up.
      let shift = Float(octave) * 17.3
      sum += weight * smooth(x * frequency + shift, y * frequency - shift)
      total += weight
      weight /= 2
      frequency *= 2
    }
    return sum / total
  }
}
