/// The surface of a wall with its windows: what colour is at a place, in metres from its lower
/// corner.
struct Facade {
  let width: Float
  let height: Float
  let storeys: Int
  let finish: Building.Finish
  let wall: Vector
  let noise: Noise

  struct Paint {
    var albedo: Vector
    var openness: Float = 1
    var gloss: Float = 0
  }

  private static let windowHeight: Float = 1.65
  private static let sillHeight: Float = 0.9
  private static let frame: Float = 0.09

  func paint(along: Float, up: Float) -> Paint {
    let storey = Int(up / Building.storeyHeight)
    guard storey < storeys else {
      return up < height ? cornice(along, up) : Paint(albedo: masonry(along, up))
    }
    let bays = max(1, Int(width / 2.4))
    let bayWidth = width / Float(bays)
    let bay = min(bays - 1, Int(along / bayWidth))
    let fromCentre = abs(along - (Float(bay) + 0.5) * bayWidth)
    let isDoor = storey == 0 && noise.cell(bay, 99) < 0.3
    let opening = Opening(
      halfWidth: isDoor ? 0.55 : 0.62, bottom: isDoor ? 0.05 : Self.sillHeight,
      top: isDoor ? 2.3 : Self.sillHeight + Self.windowHeight)
    let level = up - Float(storey) * Building.storeyHeight

    if fromCentre < opening.halfWidth, level > opening.bottom, level < opening.top {
      return isDoor
        ? door(fromCentre, level, bay) : window(fromCentre, level, opening, bay, storey)
    }
    if fromCentre < opening.halfWidth + 0.16, level > opening.bottom - 0.14,
      level < opening.top + 0.2
    {
      return surround(along, up, level < opening.bottom)
    }
    return plainWall(along, up, level, storey)
  }

  private struct Opening {
    let halfWidth: Float
    let bottom: Float
    let top: Float
  }

  private func masonry(_ along: Float, _ up: Float) -> Vector {
    let stains = noise.fractal(along * 0.5, up * 0.35, octaves: 5)
    let grain = noise.smooth(along * 14, up * 14)
    let base = wall * (0.78 + 0.3 * stains + 0.14 * grain)
    guard finish == .brick else { return base }
    let course = (up / 0.11).rounded(.down)
    let shift: Float = wrapped(course, 2) < 1 ? 0 : 0.5
    let brick = (along / 0.26 + shift).rounded(.down)
    let mortar =
      wrapped(up, 0.11) < 0.02 || wrapped(along / 0.26 + shift, 1) < 0.07
    let tint = 0.72 + 0.5 * noise.cell(Int(brick), Int(course), 3)
    return mortar ? mix(base, color(176, 164, 150), 0.5) : base * tint
  }

  private func plainWall(_ along: Float, _ up: Float, _ level: Float, _ storey: Int) -> Paint {
    var albedo = masonry(along, up)
    if storey > 0, level < 0.14 { albedo = mix(albedo, color(214, 206, 192), 0.6) }
    if up < 0.55 { albedo = color(128, 122, 116) * (0.8 + 0.35 * noise.smooth(along * 9, up * 9)) }
    // Rain dirt gathers above the ground; eaves shade the top.
    let dirt = 0.8 + 0.2 * smoothstep(0, 2.2, up)
    let shade = 1 - 0.35 * smoothstep(height - 0.9, height - 0.2, up)
    return Paint(albedo: albedo * dirt, openness: shade)
  }

  private func cornice(_ along: Float, _ up: Float) -> Paint {
    let step: Float = wrapped(up, 0.17) < 0.04 ? 0.7 : 1
    let grain = 0.85 + 0.25 * noise.smooth(along * 3, up * 8)
    return Paint(albedo: color(214, 206, 190) * step * grain, openness: 0.85)
  }

  private func surround(_ along: Float, _ up: Float, _ isSill: Bool) -> Paint {
    let grain = 0.85 + 0.25 * noise.smooth(along * 8, up * 8)
    return Paint(albedo: color(220, 213, 200) * grain * (isSill ? 1.05 : 0.94))
  }

  private func door(_ fromCentre: Float, _ level: Float, _ bay: Int) -> Paint {
    let tints = [color(96, 44, 34), color(36, 66, 62), color(44, 54, 92)]
    let tint = tints[Int(noise.cell(bay, 7) * 2.99)]
    if level > 1.85 { return Paint(albedo: color(50, 56, 62), openness: 0.6, gloss: 0.5) }
    let onPanel = fromCentre > 0.1 && fromCentre < 0.42 && wrapped(level, 0.85) > 0.16
    return Paint(albedo: tint * (onPanel ? 0.75 : 1), openness: 0.8)
  }

  private func window(
    _ fromCentre: Float, _ level: Float, _ opening: Opening, _ bay: Int, _ storey: Int
  ) -> Paint {
    let fromEdge = min(
      opening.halfWidth - fromCentre, min(level - opening.bottom, opening.top - level))
    let fromTransom = abs(level - opening.bottom - 1.1)
    if fromEdge < Self.frame || fromCentre < 0.04 || fromTransom < 0.04 {
      return Paint(albedo: color(232, 230, 224), openness: 0.75)
    }
    // The reveal shades the upper part of the glass.
    let shade = 0.55 + 0.45 * smoothstep(0, 0.5, opening.top - level)
    let drawn = noise.cell(bay, storey, 1)
    if drawn > 0.62, fromCentre > mix(0.1, 0.5, noise.cell(bay, storey, 2)) {
      let folds = 0.85 + 0.25 * noise.smooth(fromCentre * 30, 0)
      return Paint(albedo: color(206, 198, 182) * folds, openness: 0.6 * shade, gloss: 0.14)
    }
    let room = mix(color(26, 30, 36), color(62, 64, 66), noise.cell(bay, storey, 4))
    return Paint(albedo: room, openness: shade, gloss: 0.3 + 0.25 * drawn)
  }
}
