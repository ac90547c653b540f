/// A round traffic sign on its pole, facing the viewer; or a street lamp, which is a pole with an
/// arm.
struct RoadSign: SceneObject {
  enum Head: Sendable { case speedLimit, lamp }

  let base: Vector
  let height: Float
  let poleRadius: Float
  let head: Head

  private static let plateRadius: Float = 0.42

  func hit(by ray: Ray) -> Hit? {
    let headHit = head == .lamp ? hitLamp(ray) : hitPlate(ray)
    let pole = hitCylinder(ray, base: base, radius: poleRadius, height: height).map {
      Hit(
        distance: $0.distance, normal: $0.normal, albedo: color(118, 124, 128), label: .sign,
        gloss: 0.12)
    }
    return [headHit, pole].compactMap { $0 }.min { $0.distance < $1.distance }
  }

  private func hitPlate(_ ray: Ray) -> Hit? {
    guard ray.direction.z > 1e-5 || ray.direction.z < -1e-5 else { return nil }
    let centre = base + Vector(0, height - Self.plateRadius * 0.6, -poleRadius - 0.02)
    let distance = (centre.z - ray.origin.z) / ray.direction.z
    guard distance > 0.02 else { return nil }
    let place = ray.point(at: distance) - centre
    let radius = length(place)
    guard radius < Self.plateRadius else { return nil }
    let isRim = radius > Self.plateRadius * 0.74
    let albedo =
      isRim
      ? color(196, 28, 34) : isDigit(place) ? color(24, 24, 26) : color(238, 238, 234)
    return Hit(
      distance: distance, normal: Vector(0, 0, -1), albedo: albedo, label: .sign, gloss: 0.04)
  }

  /// "30" in strokes: the right-hand digit is a ring, the left-hand one two half rings.
  private func isDigit(_ place: Vector) -> Bool {
    let stroke: Float = 0.026
    let zero = abs(length((place - Vector(0.12, 0, 0)) * Vector(1.35, 0.8, 0)) - 0.11) < stroke
    let upper = place - Vector(-0.13, 0.065, 0)
    let lower = place - Vector(-0.13, -0.065, 0)
    let onUpper = abs(length(upper * Vector(1, 1, 0)) - 0.065) < stroke && upper.x > -0.03
    let onLower = abs(length(lower * Vector(1, 1, 0)) - 0.065) < stroke && lower.x > -0.03
    return zero || onUpper || onLower
  }

  private func hitLamp(_ ray: Ray) -> Hit? {
    guard ray.direction.z > 1e-5 || ray.direction.z < -1e-5 else { return nil }
    let distance = (base.z - ray.origin.z) / ray.direction.z
    guard distance > 0.02 else { return nil }
    let place = ray.point(at: distance) - base - Vector(0, height, 0)
    let onArm = place.x > 0 && place.x < 1.5 && abs(place.y - 0.16 * place.x) < 0.05
    let onHead = place.x > 1.2 && place.x < 1.95 && place.y > 0.12 && place.y < 0.34
    guard onArm || onHead else { return nil }
    return Hit(
      distance: distance, normal: Vector(0, 0, -1), albedo: color(124, 128, 132), label: .sign)
  }
}
