/// What lies behind everything: the sky with its clouds, and hills on the horizon.
struct Backdrop: Sendable {
  private let clouds = Noise(21)
  private let wisps = Noise(22)
  private let relief = Noise(23)
  private let woods = Noise(24)

  static let haze = color(204, 219, 232)

  /// A ridge of hills: how high it rises, as the tangent of the angle above the horizon.
  private struct Ridge {
    let base: Float
    let swing: Float
    let frequency: Float
    let distance: Float
    let near: Vector
  }

  private static let ridges = [
    Ridge(
      base: 0.035, swing: 0.075, frequency: 2.4, distance: 320, near: color(104, 130, 62)),
    Ridge(
      base: 0.06, swing: 0.12, frequency: 1.7, distance: 900, near: color(86, 116, 66)),
    Ridge(
      base: 0.1, swing: 0.17, frequency: 1.2, distance: 2200, near: color(84, 108, 84)),
  ]

  /// The light along `direction` and what it comes from.
  func look(_ direction: Vector) -> (light: Vector, label: SceneClass) {
    let across = direction.x / direction.z
    let up = direction.y / direction.z
    for (index, ridge) in Self.ridges.enumerated() {
      let shift = Float(index) * 7.7
      let outline = relief.fractal(across * ridge.frequency + shift, shift, octaves: 5)
      let trees = 0.006 * relief.fractal(across * 90, shift, octaves: 2)
      let top = ridge.base + ridge.swing * (outline - 0.35) + trees / Float(index + 1)
      guard up < top else { continue }
      return (hill(ridge, across, up, top), .grass)
    }
    return (sky(direction), .sky)
  }

  private func hill(_ ridge: Ridge, _ across: Float, _ up: Float, _ top: Float) -> Vector {
    let scale = 14 + ridge.distance / 60
    let cover = woods.fractal(across * scale, up * scale * 3, octaves: 5)
    let forest = smoothstep(0.46, 0.54, cover)
    let meadow = mix(ridge.near * 1.25, color(172, 172, 96), 0.35)
    var albedo = mix(meadow, ridge.near * 0.55, forest)
    albedo *= 0.8 + 0.5 * woods.fractal(across * scale * 6, up * scale * 12, octaves: 3)
    // The flank towards the sun is the one that falls to the right.
    let slope = relief.fractal((across + 0.05) * 5, up * 9, octaves: 3)
    albedo *= 0.75 + 0.6 * slope
    let air = ridge.distance / (ridge.distance + 1900)
    return mix(albedo * 1.15, Self.haze * 0.92, air)
  }

  /// The light of the sky alone; also what glass and paint reflect.
  func sky(_ direction: Vector) -> Vector {
    let height = max(0.02, direction.y)
    let blue = mix(color(176, 208, 236), color(48, 108, 190), smoothstep(0, 0.62, height))
    // Clouds lie on a plane above: they crowd together towards the horizon.
    let (x, z) = (direction.x / (height + 0.16), direction.z / (height + 0.16))
    let density = clouds.fractal(x * 1.15 + 0.6, z * 0.9 + 3.1, octaves: 6)
    let towardsSun = clouds.fractal(x * 1.15 + 0.72, z * 0.9 + 3.02, octaves: 6)
    let cover = smoothstep(0.48, 0.62, density)
    let lit = clamp(0.72 + 2.6 * (density - towardsSun))
    let cloud = mix(color(186, 194, 208), color(255, 253, 248), lit)
    let thin = 0.22 * smoothstep(0.45, 0.8, wisps.fractal(x * 0.5, z * 2.2, octaves: 5))
    return mix(mix(blue, color(250, 250, 250), thin), cloud, cover * 0.95)
  }
}
