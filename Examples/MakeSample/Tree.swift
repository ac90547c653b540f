import LatticeSupport

/// A broad-leaved tree: a trunk, and a crown of many ragged clumps of leaves.
struct Tree: SceneObject {
  private struct Clump: Sendable {
    let centre: Vector
    let radius: Float
    let tint: Float
  }

  private let base: Vector
  private let crown: Bounds
  private let whole: Bounds
  private let clumps: [Clump]
  private let trunkRadius: Float
  private let leaf: Vector
  private let noise: Noise

  /// - Parameters:
  ///   - crownRadius: half the crown's width; it is a little higher than wide.
  ///   - trunk: the height of the crown's lower edge.
  init(at base: Vector, crownRadius: Float, trunk: Float, leaf: Vector, seed: UInt64) {
    self.base = base
    self.leaf = leaf
    noise = Noise(seed)
    trunkRadius = 0.07 * crownRadius + 0.04
    let centre = base + Vector(0, trunk + crownRadius * 0.95, 0)
    crown = Bounds(centre: centre, radius: crownRadius * 1.45)
    whole = Bounds(
      centre: base + Vector(0, (trunk + crownRadius * 2.3) / 2, 0),
      radius: (trunk + crownRadius * 2.5) / 2 + crownRadius * 0.4)

    var generator = SeededGenerator(seed: seed)
    var clumps: [Clump] = []
    while clumps.count < 110 {
      let offset =
        Vector(generator.uniform(), generator.uniform(), generator.uniform()) * 2 - 1
      let reach = length(offset)
      // Most clumps lie near the surface, where the light is; the lowest part stays thin.
      guard reach < 1, reach > 0.45, offset.y > -0.8 else { continue }
      let stretched = offset * Vector(1, 1.12, 1) * crownRadius
      clumps.append(
        Clump(
          centre: centre + stretched, radius: crownRadius * mix(0.16, 0.34, generator.uniform()),
          tint: generator.uniform()))
    }
    self.clumps = clumps
  }

  func hit(by ray: Ray) -> Hit? {
    guard whole.meets(ray) else { return nil }
    let trunk = hitTrunk(ray)
    guard let leaves = hitLeaves(ray) else { return trunk }
    guard let trunk, trunk.distance < leaves.distance else { return leaves }
    return trunk
  }

  private func hitLeaves(_ ray: Ray) -> Hit? {
    guard crown.meets(ray) else { return nil }
    var nearest: Hit?
    for clump in clumps {
      let towards = clump.centre - ray.origin
      let along = dot(towards, ray.direction)
      let gap = clump.radius * clump.radius - (dot(towards, towards) - along * along)
      guard gap > 0 else { continue }
      let distance = along - gap.squareRoot()
      guard distance > 0.02, distance < nearest?.distance ?? .infinity else { continue }
      let point = ray.point(at: distance)
      let grain = noise.smooth(point * 9)
      // Leaves thin out towards a clump's rim, which is what makes the outline ragged.
      let rim = 1 - gap / (clump.radius * clump.radius)
      guard grain > mix(0.12, 0.66, rim) else { continue }
      nearest = shaded(point, distance, clump, grain)
    }
    return nearest
  }

  private func shaded(_ point: Vector, _ distance: Float, _ clump: Clump, _ grain: Float) -> Hit {
    let outward = (point - crown.centre) / crown.radius
    let normal = normalized(0.6 * normalized(point - clump.centre) + 0.9 * normalized(outward))
    let depth = smoothstep(0.25, 0.75, length(outward))
    let fine = noise.smooth(point * 21)
    let tint = mix(leaf * 0.7, mix(leaf, color(176, 180, 60), 0.25) * 1.3, clump.tint)
    return Hit(
      distance: distance, normal: normal, albedo: tint * (0.45 + 0.5 * grain + 0.5 * fine),
      label: .tree, openness: mix(0.35, 1, depth) * (0.65 + 0.35 * smoothstep(-0.6, 0.5, outward.y))
    )
  }

  private func hitTrunk(_ ray: Ray) -> Hit? {
    guard let found = hitCylinder(ray, base: base, radius: trunkRadius, height: crown.centre.y)
    else { return nil }
    let point = ray.point(at: found.distance)
    let bark = noise.fractal(point.x * 16 + point.z * 16, point.y * 3.2, octaves: 4)
    return Hit(
      distance: found.distance, normal: found.normal,
      albedo: color(104, 84, 66) * (0.45 + 1.0 * bark), label: .tree)
  }
}

/// The first point of a ray on an upright cylinder.
func hitCylinder(
  _ ray: Ray, base: Vector, radius: Float, height: Float
) -> (distance: Float, normal: Vector)? {
  let (dx, dz) = (ray.direction.x, ray.direction.z)
  let (ox, oz) = (ray.origin.x - base.x, ray.origin.z - base.z)
  let a = dx * dx + dz * dz
  let b = ox * dx + oz * dz
  let root = b * b - a * (ox * ox + oz * oz - radius * radius)
  guard root > 0, a > 1e-6 else { return nil }
  let distance = (-b - root.squareRoot()) / a
  let point = ray.point(at: distance)
  guard distance > 0.02, point.y > base.y, point.y < base.y + height else { return nil }
  return (distance, Vector(point.x - base.x, 0, point.z - base.z) / radius)
}
