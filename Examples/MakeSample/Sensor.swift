import LatticeSupport

/// From light to 8-bit sRGB: a lens a little soft, a tone curve, and the noise of a sensor.
struct Sensor: Sendable {
  let width: Int
  let height: Int

  /// The lens spreads a point over its neighbours: weights of the middle and of each side.
  private static let spread: (middle: Float, side: Float) = (0.76, 0.12)
  private static let exposure: Float = 0.88
  /// How far colours are moved away from grey.
  private static let saturation: Float = 1.06
  /// Standard deviations in 8-bit steps: of every pixel, and of a full signal on top.
  private static let readNoise: Float = 1
  private static let shotNoise: Float = 1.3

  func develop(_ light: [Vector], seed: UInt64) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(light.count * 3)
    for softened in soften(light) {
      let grey = dot(softened, Vector(0.21, 0.72, 0.07))
      let pixel = Vector(repeating: grey) + Self.saturation * (softened - grey)
      let luminanceNoise = generator.normal()
      for channel in 0..<3 {
        let signal = tone(Self.exposure * max(0, pixel[channel]))
        let deviation = Self.readNoise + Self.shotNoise * signal.squareRoot()
        // Most of a processed picture's noise is common to its channels.
        let noise = deviation * (0.8 * luminanceNoise + 0.6 * generator.normal())
        bytes.append(UInt8(clamp((255 * signal + noise).rounded(), 0, 255)))
      }
    }
    return bytes
  }

  /// A shoulder that keeps highlights from clipping, then the sRGB curve.
  private func tone(_ value: Float) -> Float {
    let squeezed = value * (1 + value / 4.5) / (1 + 0.72 * value)
    let v = clamp(squeezed)
    // √v and ⁴√v together follow the power 1/2.2 within a hundredth.
    let root = v.squareRoot()
    let encoded = clamp(0.72 * root + 0.28 * root.squareRoot() - 0.02 * (1 - v))
    return mix(encoded, smoothstep(0, 1, encoded), 0.45)
  }

  private func soften(_ light: [Vector]) -> [Vector] {
    let across = light.indices.map { index in
      let column = index % width
      let left = light[index - (column > 0 ? 1 : 0)]
      let right = light[index + (column < width - 1 ? 1 : 0)]
      return Self.spread.middle * light[index] + Self.spread.side * (left + right)
    }
    return across.indices.map { index in
      let row = index / width
      let above = across[index - (row > 0 ? width : 0)]
      let below = across[index + (row < height - 1 ? width : 0)]
      return Self.spread.middle * across[index] + Self.spread.side * (above + below)
    }
  }
}
