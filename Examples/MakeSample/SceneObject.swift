/// A line of sight, or a line to the sun.
struct Ray: Sendable {
  let origin: Vector
  /// Of length 1.
  let direction: Vector

  func point(at distance: Float) -> Vector { origin + distance * direction }
}

/// What a ray meets.
struct Hit: Sendable {
  /// From the ray's origin, metres.
  var distance: Float
  var normal: Vector
  /// The share of light that the surface throws back, a colour.
  var albedo: Vector
  var label: SceneClass
  /// The share of the sky that the point sees: creases are below 1.
  var openness: Float = 1
  /// The strength of a mirror image of the sky, 0…1.
  var gloss: Float = 0
}

/// Something that stands in the scene.
protocol SceneObject: Sendable {
  /// The nearest point of the object on the ray.
  func hit(by ray: Ray) -> Hit?
  /// Whether the object stands between the ray's origin and the sun.
  func blocks(_ ray: Ray) -> Bool
}

extension SceneObject {
  func blocks(_ ray: Ray) -> Bool { hit(by: ray) != nil }
}

/// A sphere round an object, to pass over it quickly.
struct Bounds: Sendable {
  let centre: Vector
  let radius: Float

  func meets(_ ray: Ray) -> Bool {
    let towards = centre - ray.origin
    let along = dot(towards, ray.direction)
    let distanceSquared = dot(towards, towards)
    guard along > 0 || distanceSquared < radius * radius else { return false }
    return distanceSquared - along * along < radius * radius
  }
}
