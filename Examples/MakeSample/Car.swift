/// A small family car, described by its distance function and found by marching along the ray.
struct Car: SceneObject {
  /// The middle of the car on the ground.
  let position: Vector
  let paint: Vector
  /// True where the rear is towards the viewer.
  let showsRear: Bool

  private static let halfLength: Float = 2.05
  private static let halfWidth: Float = 0.86
  private static let wheelRadius: Float = 0.32
  private static let axle: Float = 1.3

  private var bounds: Bounds {
    Bounds(centre: position + Vector(0, 0.7, 0), radius: 2.4)
  }

  func hit(by ray: Ray) -> Hit? {
    guard bounds.meets(ray) else { return nil }
    var distance = max(0.02, dot(bounds.centre - ray.origin, ray.direction) - bounds.radius)
    let end = distance + 2 * bounds.radius + 0.1
    while distance < end {
      let place = local(ray.point(at: distance))
      let gap = self.distance(place)
      if gap < 0.003 { return surface(place, distance, ray) }
      // Slopes and roundings are not exact distances: a shorter step stays outside.
      distance += max(0.003, 0.75 * gap)
    }
    return nil
  }

  /// The car's own axes: z runs from rear to front.
  private func local(_ point: Vector) -> Vector {
    let offset = point - position
    return showsRear ? offset : offset * Vector(-1, 1, -1)
  }

  private func roundedBox(_ p: Vector, _ half: Vector, _ radius: Float) -> Float {
    let q = Vector(abs(p.x), abs(p.y), abs(p.z)) - half + radius
    let outside = q.clamped(lowerBound: .zero, upperBound: Vector(repeating: 1e6))
    return length(outside) + min(0, q.max()) - radius
  }

  private func body(_ p: Vector) -> Float {
    // The flanks lean in above the waist, and the bonnet falls towards the front.
    let drop = 0.12 * smoothstep(0.6, 2.1, p.z)
    let lower = Vector(p.x * (1 + 0.05 * smoothstep(0.5, 0.9, p.y)), p.y + drop - 0.56, p.z)
    return roundedBox(lower, Vector(Self.halfWidth, 0.36, Self.halfLength), 0.16)
  }

  private func cabin(_ p: Vector) -> Float {
    let rise = clamp((p.y - 0.85) / 0.6)
    let q = Vector(
      p.x * (1 + 0.24 * rise), p.y - 1.05, (p.z + 0.4 + 0.12 * rise) * (1 + 0.36 * rise))
    return roundedBox(q, Vector(0.78, 0.41, 1.42), 0.14) * 0.8
  }

  private func wheels(_ p: Vector) -> Float {
    let q = Vector(abs(p.x) - Self.halfWidth + 0.13, p.y - Self.wheelRadius, abs(p.z) - Self.axle)
    let radial = (q.y * q.y + q.z * q.z).squareRoot() - Self.wheelRadius
    return max(radial, abs(q.x) - 0.12)
  }

  private func arches(_ p: Vector) -> Float {
    let (y, z) = (p.y - Self.wheelRadius, abs(p.z) - Self.axle)
    return max((y * y + z * z).squareRoot() - 0.4, 0.6 - abs(p.x))
  }

  private func distance(_ p: Vector) -> Float {
    let shell = max(min(body(p), cabin(p)), -arches(p))
    return min(shell, wheels(p))
  }

  private func surface(_ p: Vector, _ distance: Float, _ ray: Ray) -> Hit {
    let normal = self.normal(p)
    let world = showsRear ? normal : normal * Vector(-1, 1, -1)
    var hit = Hit(distance: distance, normal: world, albedo: paint, label: .car, gloss: 0.22)
    hit.openness = mix(0.35, 1, smoothstep(0.1, 0.6, p.y))
    if wheels(p) < 0.01 {
      let (y, z) = (p.y - Self.wheelRadius, abs(p.z) - Self.axle)
      let isRim = y * y + z * z < 0.045
      hit.albedo = isRim ? color(170, 172, 176) : color(34, 34, 36)
      hit.gloss = isRim ? 0.2 : 0
      return hit
    }
    if p.y > 0.9, cabin(p) < body(p) { return glazed(hit, p, normal) }
    return trimmed(hit, p, normal)
  }

  /// Windows in the cabin, between roof and waist.
  private func glazed(_ hit: Hit, _ p: Vector, _ normal: Vector) -> Hit {
    let isGlassHeight = p.y > 0.97 && p.y < 1.34
    let isPillar = abs(abs(p.x) - 0.68) < 0.05 || abs(normal.x) > 0.5 && abs(p.z + 0.45) < 0.05
    guard isGlassHeight, !isPillar, normal.y < 0.75 else { return hit }
    var glass = hit
    glass.albedo = color(30, 36, 42)
    glass.gloss = 0.42
    return glass
  }

  /// Lamps, plate, bumper and seams on the body.
  private func trimmed(_ hit: Hit, _ p: Vector, _ normal: Vector) -> Hit {
    var part = hit
    let facesEnd = abs(normal.z) > 0.5
    let isRear = p.z < 0
    if facesEnd, abs(p.x) > 0.5, abs(p.x) < 0.82, p.y > 0.6, p.y < 0.8 {
      part.albedo = isRear ? color(190, 22, 24) : color(240, 240, 232)
      part.gloss = 0.25
    } else if facesEnd, abs(p.x) < 0.27, p.y > 0.48, p.y < 0.6 {
      part.albedo = color(232, 228, 206)
    } else if p.y < 0.4 {
      part.albedo = color(46, 47, 50)
      part.gloss = 0.05
    } else if facesEnd, !isRear, abs(p.x) < 0.45, p.y > 0.62, p.y < 0.76 {
      part.albedo = color(30, 30, 32)
    } else if abs(normal.x) > 0.7, abs(p.z + 0.45) < 0.015 || abs(p.z - 0.62) < 0.015 {
      part.albedo *= 0.4
    }
    return part
  }

  private func normal(_ p: Vector) -> Vector {
    let step: Float = 0.004
    let gradient = Vector(
      distance(p + Vector(step, 0, 0)) - distance(p - Vector(step, 0, 0)),
      distance(p + Vector(0, step, 0)) - distance(p - Vector(0, step, 0)),
      distance(p + Vector(0, 0, step)) - distance(p - Vector(0, 0, step)))
    return normalized(gradient + Vector(0, 1e-9, 0))
  }
}
