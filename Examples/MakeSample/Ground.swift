/// The street: a road with markings, a pavement on both sides, and grass beyond.
struct Ground: SceneObject {
  static let roadHalfWidth: Float = 3.7
  static let pavementEdge: Float = 6.3
  private static let kerbWidth: Float = 0.16

  private let noise = Noise(11)
  private let patches = Noise(12)

  func hit(by ray: Ray) -> Hit? {
    guard ray.direction.y < -1e-4 else { return nil }
    let distance = -ray.origin.y / ray.direction.y
    guard distance < 600 else { return nil }
    let point = ray.point(at: distance)
    let (x, z) = (point.x, point.z)
    let side = abs(x)
    // Fine texture averages out with distance, as a lens would have it.
    let detail = 1 / (1 + 0.03 * distance)
    if side < Self.roadHalfWidth {
      return road(x, z, distance, detail)
    }
    if side < Self.pavementEdge {
      return pavement(x, z, distance, detail)
    }
    return grass(x, z, distance, detail)
  }

  func blocks(_ ray: Ray) -> Bool { false }

  private func surface(_ distance: Float, _ albedo: Vector, _ label: SceneClass) -> Hit {
    Hit(distance: distance, normal: Vector(0, 1, 0), albedo: albedo, label: label)
  }

  private func road(_ x: Float, _ z: Float, _ distance: Float, _ detail: Float) -> Hit {
    let grain = noise.smooth(x * 28, z * 28) - 0.5
    let wear = noise.fractal(x * 0.9, z * 0.22, octaves: 4) - 0.5
    var albedo = color(108, 107, 110) * (1 + 0.4 * grain * detail + 0.35 * wear)
    // Tyres polish two tracks in each lane.
    let track = abs(abs(abs(x) - 1.85) - 0.75)
    albedo *= 1 - 0.13 * (1 - smoothstep(0.1, 0.45, track))
    if x > 0.5, x < 2.9, z > 6.1, z < 8.6 {
      albedo *= 0.72
    }
    if patches.smooth(x * 0.8, z * 0.12) > 0.8 {
      albedo *= 0.86
    }
    let paint = noise.fractal(x * 6, z * 6, octaves: 3)
    let onCentreLine = abs(x) < 0.075 && wrapped(z, 5) < 2.8
    let onEdgeLine = abs(abs(x) - (Self.roadHalfWidth - 0.3)) < 0.06
    if onCentreLine || onEdgeLine {
      albedo = mix(albedo, color(226, 224, 214), smoothstep(0.2, 0.42, paint))
    }
    let gutter = smoothstep(Self.roadHalfWidth - 0.25, Self.roadHalfWidth, abs(x))
    return surface(distance, albedo * (1 - 0.35 * gutter), .road)
  }

  private func pavement(_ x: Float, _ z: Float, _ distance: Float, _ detail: Float) -> Hit {
    let fromKerb = abs(x) - Self.roadHalfWidth
    let grain = noise.smooth(x * 22, z * 22) - 0.5
    if fromKerb < Self.kerbWidth {
      let joint: Float = wrapped(z, 0.95) < 0.05 ? 0.75 : 1
      return surface(distance, color(188, 184, 176) * joint * (1 + 0.2 * grain), .pavement)
    }
    let (slabX, slabZ) = (fromKerb / 0.6, z / 0.8)
    let slab = noise.cell(Int(slabX.rounded(.down)), Int(slabZ.rounded(.down)))
    var albedo = mix(color(172, 156, 138), color(186, 172, 154), slab)
    albedo *= 1 + 0.25 * grain * detail + 0.25 * (noise.fractal(x, z, octaves: 4) - 0.5)
    let joint = min(wrapped(slabX, 1) * 0.6, wrapped(slabZ, 1) * 0.8)
    if joint < 0.035 { albedo *= mix(1, 0.6, min(1, 2 * detail)) }
    return surface(distance, albedo, .pavement)
  }

  private func grass(_ x: Float, _ z: Float, _ distance: Float, _ detail: Float) -> Hit {
    let blades = noise.fractal(x * 9, z * 5, octaves: 3) - 0.5
    let tufts = noise.fractal(x * 0.7, z * 0.5, octaves: 4)
    let dry = mix(color(96, 128, 48), color(150, 158, 78), smoothstep(0.35, 0.7, tufts))
    return surface(distance, dry * (1 + 0.9 * blades * detail), .grass)
  }
}
