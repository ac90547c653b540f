import Foundation
import LatticeSupport
import Unaries

/// Takes the picture: several rays a pixel, light and shadow, then lens and sensor.
struct Camera: Sendable {
  let width = 480
  let height = 320

  /// Rays a pixel along each axis.
  private static let raysPerSide = 4
  private static let focalLength: Float = 335
  private static let start = Vector(0.9, 1.75, 0)
  private static let vanishingPoint: (x: Float, y: Float) = (262, 184)
  /// Metres from one frame to the next.
  private static let speed: Float = 0.1
  /// How far the camera sways to the side and up, in pixels, and over how many frames.
  private static let sway: (across: Float, period: Float, up: Float, bounce: Float) = (14, 24, 2, 9)
  private static let sunlight = Vector(1.0, 0.93, 0.8) * 2.3
  private static let skylight = Vector(0.56, 0.68, 0.86) * 0.62
  private static let bouncedLight = Vector(0.5, 0.46, 0.4) * 0.28
  /// The sun's half width as a tangent, made wider than life for softer shadows.
  private static let sunSpread: Float = 0.02

  let street: Street
  /// Counted from 0; the camera drives along the street meanwhile.
  let frame: Int
  private let jitter = Noise(77)

  init(street: Street, frame: Int = 0) {
    self.street = street
    self.frame = frame
  }

  private var eye: Vector { Self.start + Vector(0, 0, Self.speed * Float(frame)) }

  /// Where the street vanishes: the camera sways, as one that is held in the hand does.
  private var vanishingPoint: (x: Float, y: Float) {
    let (start, sway) = (Self.vanishingPoint, Self.sway)
    let turn = 2 * Float.pi * Float(frame)
    return (
      start.x + sway.across * sin(turn / sway.period), start.y + sway.up * sin(turn / sway.bounce)
    )
  }

  /// How far what each pixel shows is from where it is in the next frame: (x, y) in pixels.
  func flow() -> [Float] {
    let next = Camera(street: street, frame: frame + 1)
    let rows = Parallelism.automatic.map(height) { row in
      (0..<width).flatMap { column -> [Float] in
        let (x, y) = (Float(column) + 0.5, Float(row) + 0.5)
        let ray = Ray(origin: eye, direction: direction(x, y))
        // What has no distance stays where it is but for the sway.
        let seen = nearest(ray).map { ray.point(at: $0.distance) - next.eye } ?? ray.direction
        guard seen.z > 0.05 else { return [.nan, .nan] }
        let scale = Self.focalLength / seen.z
        return [
          next.vanishingPoint.x + scale * seen.x - x, next.vanishingPoint.y - scale * seen.y - y,
        ]
      }
    }
    return rows.flatMap(\.self)
  }

  private func direction(_ x: Float, _ y: Float) -> Vector {
    normalized(Vector(x - vanishingPoint.x, vanishingPoint.y - y, Self.focalLength))
  }

  /// The light of every pixel (linear), and what most of the pixel shows.
  func expose() -> (light: [Vector], labels: [UInt16]) {
    let count = width * height
    var light = [Vector](repeating: .zero, count: count)
    var labels = [UInt16](repeating: 0, count: count)
    light.withUnsafeMutableBufferPointer { light in
      labels.withUnsafeMutableBufferPointer { labels in
        nonisolated(unsafe) let (light, labels) = (light, labels)
        Parallelism.automatic.forEach(height) { row in
          for column in 0..<width {
            let pixel = self.pixel(column, row)
            light[row * width + column] = pixel.light
            labels[row * width + column] = pixel.label.rawValue
          }
        }
      }
    }
    return (light, labels)
  }

  private func pixel(_ column: Int, _ row: Int) -> (light: Vector, label: SceneClass) {
    let side = Self.raysPerSide
    var sum = Vector.zero
    var votes = [Int](repeating: 0, count: SceneClass.allCases.count)
    for j in 0..<side {
      for i in 0..<side {
        let x = Float(column) + (Float(i) + 0.5) / Float(side)
        let y = Float(row) + (Float(j) + 0.5) / Float(side)
        let key = (column * side + i, row * side + j)
        let seen = look(Ray(origin: eye, direction: direction(x, y)), key)
        sum += seen.light
        votes[Int(seen.label.rawValue)] += 1
      }
    }
    let winner = votes.indices.max { votes[$0] < votes[$1] } ?? 0
    return (sum / Float(side * side), SceneClass.allCases[winner])
  }

  private func nearest(_ ray: Ray) -> Hit? {
    var nearest: Hit?
    for object in street.objects {
      guard let hit = object.hit(by: ray) else { continue }
      if hit.distance < nearest?.distance ?? .infinity { nearest = hit }
    }
    return nearest
  }

  private func look(_ ray: Ray, _ key: (Int, Int)) -> (light: Vector, label: SceneClass) {
    guard let hit = nearest(ray) else { return street.backdrop.look(ray.direction) }
    let air = 1 - 1 / (1 + hit.distance / 700)
    return (mix(shade(hit, ray, key), Backdrop.haze * 0.9, air), hit.label)
  }

  private func shade(_ hit: Hit, _ ray: Ray, _ key: (Int, Int)) -> Vector {
    let spread = Vector(
      jitter.cell(key.0, key.1, 1) - 0.5, jitter.cell(key.0, key.1, 2) - 0.5,
      jitter.cell(key.0, key.1, 3) - 0.5)
    let towardsSun = normalized(Street.sun + 2 * Self.sunSpread * spread)
    let point = ray.point(at: hit.distance) + 0.02 * hit.normal
    let facing = dot(hit.normal, towardsSun)
    var lit = Self.skylight * (0.55 + 0.45 * hit.normal.y) * hit.openness
    lit += Self.bouncedLight * (0.5 - 0.4 * hit.normal.y) * hit.openness
    lit += Self.skylight * 0.25 * contact(point, hit)
    if facing > 0, !isShaded(Ray(origin: point, direction: towardsSun)) {
      lit += Self.sunlight * facing * mix(0.6, 1, hit.openness)
    }
    var light = hit.albedo * lit
    if hit.gloss > 0 {
      let mirrored = ray.direction - 2 * dot(ray.direction, hit.normal) * hit.normal
      // What is low in a reflection is the other side of the street, which is darker than the sky.
      let image = mix(
        color(96, 104, 88), street.backdrop.sky(mirrored), smoothstep(-0.1, 0.2, mirrored.y))
      let grazing = 1 + dot(ray.direction, hit.normal)
      light = mix(light, image, min(0.9, hit.gloss * (0.8 + grazing * grazing)))
    }
    return light
  }

  /// Little light gets in under a car: the share of the sky that is left there.
  private func contact(_ point: Vector, _ hit: Hit) -> Float {
    guard hit.label == .road || hit.label == .pavement else { return 1 }
    let straightUp = Ray(origin: point, direction: Vector(0, 1, 0))
    return isShaded(straightUp) ? -1.2 : 1
  }

  private func isShaded(_ ray: Ray) -> Bool {
    street.objects.contains { $0.blocks(ray) }
  }
}
