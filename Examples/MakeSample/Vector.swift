/// A point, direction or linear-light colour: metres with x to the right, y up, z ahead; or R, G,
/// B.
typealias Vector = SIMD3<Float>

func dot(_ a: Vector, _ b: Vector) -> Float { (a * b).sum() }

func length(_ vector: Vector) -> Float { dot(vector, vector).squareRoot() }

func normalized(_ vector: Vector) -> Vector { vector / length(vector) }

func clamp(_ value: Float, _ low: Float = 0, _ high: Float = 1) -> Float {
  min(max(value, low), high)
}

func mix(_ a: Float, _ b: Float, _ share: Float) -> Float { a + (b - a) * share }

func mix(_ a: Vector, _ b: Vector, _ share: Float) -> Vector { a + (b - a) * share }

/// 0 below `low`, 1 above `high`, and a smooth step of zero slope at both ends between them.
func smoothstep(_ low: Float, _ high: Float, _ value: Float) -> Float {
  let t = clamp((value - low) / (high - low))
  return t * t * (3 - 2 * t)
}

/// What is left of `value` beyond the last whole multiple of `period`; in 0..<period.
func wrapped(_ value: Float, _ period: Float) -> Float {
  value - period * (value / period).rounded(.down)
}

/// A colour in linear light from 8-bit sRGB values; a cubic that follows sRGB's curve closely.
func color(_ red: Float, _ green: Float, _ blue: Float) -> Vector {
  let encoded = Vector(red, green, blue) / 255
  return encoded * encoded * (0.8 + 0.2 * encoded)
}
