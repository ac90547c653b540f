/// A house in the row: a front towards the street, an end wall towards the viewer, a steep roof.
struct Building: SceneObject {
  enum Finish: Sendable { case brick, plaster }

  /// The plane of the front, x in metres; the house lies beyond it, away from the street.
  let front: Float
  /// +1 where the front looks along +x (a house on the left), −1 where it looks along −x.
  let facing: Float
  /// From where to where it stands along the street.
  let near: Float
  let far: Float
  let storeys: Int
  let finish: Finish
  let wall: Vector
  let roof: Vector
  let seed: UInt64

  static let storeyHeight: Float = 3
  private static let depth: Float = 8
  private static let ridgeHeight: Float = 3.6

  private var eaves: Float { Float(storeys) * Self.storeyHeight + 0.5 }
  private var noise: Noise { Noise(seed) }

  func hit(by ray: Ray) -> Hit? {
    [hitFront(ray), hitEnd(ray), hitRoof(ray)].compactMap { $0 }.min { $0.distance < $1.distance }
  }

  private func hitFront(_ ray: Ray) -> Hit? {
    guard ray.direction.x * facing < -1e-5 else { return nil }
    let distance = (front - ray.origin.x) / ray.direction.x
    let point = ray.point(at: distance)
    guard distance > 1e-3, point.z > near, point.z < far, point.y > 0, point.y < eaves else {
      return nil
    }
    let facade = Facade(
      width: far - near, height: eaves, storeys: storeys, finish: finish, wall: wall, noise: noise)
    let paint = facade.paint(along: point.z - near, up: point.y)
    return Hit(
      distance: distance, normal: Vector(facing, 0, 0), albedo: paint.albedo, label: .building,
      openness: paint.openness, gloss: paint.gloss)
  }

  private func hitEnd(_ ray: Ray) -> Hit? {
    guard ray.direction.z > 1e-5 else { return nil }
    let distance = (near - ray.origin.z) / ray.direction.z
    let point = ray.point(at: distance)
    let inside = (front - point.x) * facing
    guard distance > 1e-3, inside > 0, inside < Self.depth, point.y > 0 else { return nil }
    let slope = Self.ridgeHeight / (Self.depth / 2)
    let top = eaves + slope * min(inside, Self.depth - inside)
    guard point.y < top else { return nil }
    let facade = Facade(
      width: Self.depth, height: eaves, storeys: storeys, finish: finish, wall: wall * 0.94,
      noise: Noise(seed &+ 500))
    let paint = facade.paint(along: inside, up: point.y)
    return Hit(
      distance: distance, normal: Vector(0, 0, -1), albedo: paint.albedo, label: .building,
      openness: paint.openness, gloss: paint.gloss)
  }

  private func hitRoof(_ ray: Ray) -> Hit? {
    let run = Self.depth / 2
    let normal = normalized(Vector(facing * Self.ridgeHeight, run, 0))
    let edge = Vector(front + facing * 0.25, eaves - 0.15, near)
    let approach = dot(ray.direction, normal)
    guard approach < -1e-5 else { return nil }
    let distance = dot(edge - ray.origin, normal) / approach
    let point = ray.point(at: distance)
    let inside = (edge.x - point.x) * facing
    guard distance > 1e-3, inside > 0, inside < run + 0.25, point.z > near - 0.15,
      point.z < far + 0.15
    else { return nil }
    let row = wrapped(inside, 0.32)
    let course = Int((inside / 0.32).rounded(.down))
    let tile = Int((point.z / 0.25 + Float(course) * 0.5).rounded(.down))
    var albedo = roof * (0.75 + 0.4 * noise.cell(course, tile, 5))
    albedo *= 0.8 + 0.4 * noise.fractal(point.z * 0.7, inside * 0.7, octaves: 4)
    if row < 0.06 { albedo *= 0.6 }
    return Hit(distance: distance, normal: normal, albedo: albedo, label: .building)
  }
}
