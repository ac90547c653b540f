import LatticeSupport

/// Where everything stands: houses on the left, grass and trees on the right, cars between them.
struct Street: Sendable {
  let objects: [any SceneObject]
  let backdrop = Backdrop()
  /// Towards the sun: high, to the right, behind the viewer.
  static let sun = normalized(Vector(0.62, 0.72, -0.42))

  init(seed: UInt64) {
    objects =
      [Ground() as any SceneObject] + Self.houses(seed: seed) + Self.trees(seed: seed)
      + Self.cars() + Self.signs()
  }

  private static func houses(seed: UInt64) -> [any SceneObject] {
    let rows: [(length: Float, storeys: Int, finish: Building.Finish, wall: Vector, roof: Vector)] =
      [
        (8, 3, .plaster, color(226, 198, 142), color(136, 74, 56)),
        (7, 2, .brick, color(172, 92, 70), color(92, 88, 92)),
        (9, 3, .plaster, color(150, 172, 140), color(146, 82, 60)),
        (8, 4, .plaster, color(214, 150, 122), color(104, 66, 56)),
        (7, 2, .brick, color(158, 104, 84), color(140, 84, 62)),
        (10, 3, .plaster, color(224, 212, 176), color(96, 90, 92)),
      ]
    var start: Float = 7.5
    var houses: [any SceneObject] = []
    for (index, row) in rows.enumerated() {
      houses.append(
        Building(
          front: -Ground.pavementEdge, facing: 1, near: start, far: start + row.length,
          storeys: row.storeys, finish: row.finish, wall: row.wall, roof: row.roof,
          seed: seed &+ UInt64(index) * 31))
      start += row.length + (index == 2 ? 3 : 0.02)
    }
    houses.append(
      Building(
        front: 14, facing: -1, near: 37, far: 47, storeys: 2, finish: .plaster,
        wall: color(232, 224, 208), roof: color(150, 78, 58), seed: seed &+ 900))
    return houses
  }

  private static func trees(seed: UInt64) -> [any SceneObject] {
    let places: [(x: Float, z: Float, radius: Float, trunk: Float)] = [
      (8.5, 12.5, 1.9, 1.7), (8.1, 25, 1.8, 1.7), (7.9, 36, 1.8, 1.7), (8.2, 48, 2.1, 1.8),
      (11.5, 58, 2.6, 1.2), (27, 50, 3.4, 1), (-9, 62, 3.6, 1), (-6.5, 72, 3.2, 1),
      (8.2, 55, 2.6, 1.5), (8.8, 74, 3, 1.2), (24, 60, 3.8, 1), (31, 56, 3.4, 0.8),
    ]
    return places.enumerated().map { index, place in
      Tree(
        at: Vector(place.x, 0, place.z), crownRadius: place.radius, trunk: place.trunk,
        leaf: index % 3 == 1 ? color(106, 132, 50) : color(78, 116, 46),
        seed: seed &+ 1000 + UInt64(index))
    }
  }

  private static func cars() -> [any SceneObject] {
    [
      Car(position: Vector(2.0, 0, 13.4), paint: color(176, 26, 28), showsRear: true),
      Car(position: Vector(-2.55, 0, 11.0), paint: color(36, 74, 138), showsRear: true),
      Car(position: Vector(-1.7, 0, 27), paint: color(206, 208, 210), showsRear: false),
    ]
  }

  private static func signs() -> [any SceneObject] {
    [
      RoadSign(
        base: Vector(4.55, 0, 8.8), height: 2.9, poleRadius: 0.055, head: .speedLimit),
      RoadSign(base: Vector(-4.1, 0, 16.5), height: 6.2, poleRadius: 0.09, head: .lamp),
      RoadSign(base: Vector(-4.1, 0, 36), height: 6.2, poleRadius: 0.09, head: .lamp),
    ]
  }
}
