import CKernels
import LatticeSupport

/// A number type that sums over all pairs are compiled for.
protocol PairScalar: BitwiseCopyable, BinaryFloatingPoint, Sendable {
  /// `ck_pair_gradient_float` or `_double`.
  static func addPairGradient(
    _ features: UnsafePointer<Self>, _ points: Int, _ pitch: Int, _ dimensions: Int32,
    _ left: UnsafePointer<Self>, _ right: UnsafePointer<Self>, _ inner: Int, _ first: Int,
    _ end: Int, _ scratch: UnsafeMutablePointer<Self>, _ gradient: UnsafeMutablePointer<Double>)
}

extension Float: PairScalar {
  static func addPairGradient(
    _ features: UnsafePointer<Float>, _ points: Int, _ pitch: Int, _ dimensions: Int32,
    _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ inner: Int, _ first: Int,
    _ end: Int, _ scratch: UnsafeMutablePointer<Float>, _ gradient: UnsafeMutablePointer<Double>
  ) {
    ck_pair_gradient_float(
      features, points, pitch, dimensions, left, right, inner, first, end, scratch, gradient)
  }
}

extension Double: PairScalar {
  static func addPairGradient(
    _ features: UnsafePointer<Double>, _ points: Int, _ pitch: Int, _ dimensions: Int32,
    _ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, _ inner: Int, _ first: Int,
    _ end: Int, _ scratch: UnsafeMutablePointer<Double>, _ gradient: UnsafeMutablePointer<Double>
  ) {
    ck_pair_gradient_double(
      features, points, pitch, dimensions, left, right, inner, first, end, scratch, gradient)
  }
}

/// The gradient by features over all pairs, D(a, q)ᵢ = −Σⱼ (Sᵢⱼ + Sⱼᵢ)(fᵢ − fⱼ) with
/// Sᵢⱼ = ⟨aᵢ, qⱼ⟩·kᵢⱼ, of any number of channels at once.
///
/// D(ν, 1) is one channel more. Kernel weights are recomputed, each once for every pair.
enum PairSums {
  /// - Parameters:
  ///   - features: d planes of N values.
  ///   - channels: how many a and q have together with ν and 1.
  ///   - points: N.
  ///   - a: channel by channel, writes a column: o∘a, or ν.
  ///   - q: the same for e∘q, or 1.
  ///   - parallelism: the threads to use.
  /// - Returns: N × d.
  /// - Complexity: O(N²·(channels + d)).
  static func gradient<Scalar: PairScalar>(
    features: [[Scalar]], channels: Int, points: Int,
    a: (_ channel: Int, _ point: Int) -> Scalar, q: (_ channel: Int, _ point: Int) -> Scalar,
    parallelism: Parallelism
  ) -> [Double] {
    let (rows, lanes) = (Int(CK_TILE_POINTS), Int(CK_PANEL_POINTS))
    let d = features.count
    let pitch = (points + lanes - 1) / lanes * lanes
    let planes = AlignedBuffer<Scalar>(zeros: d * pitch)
    for (dimension, plane) in features.enumerated() {
      for point in 0..<points { planes.base[dimension * pitch + point] = plane[point] }
    }
    // Both triangles at once: left is a, then q; right is q, then a.
    let inner = 2 * channels
    let left = AlignedBuffer<Scalar>(zeros: inner * pitch)
    let right = AlignedBuffer<Scalar>(zeros: inner * pitch)
    for channel in 0..<channels {
      for point in 0..<points {
        let (first, second) = (a(channel, point), q(channel, point))
        let tile = point / rows * inner * rows + point % rows
        let panel = point / lanes * inner * lanes + point % lanes
        left.base[tile + channel * rows] = first
        left.base[tile + (channels + channel) * rows] = second
        right.base[panel + channel * lanes] = second
        right.base[panel + (channels + channel) * lanes] = first
      }
    }
    let sums = AlignedBuffer<Double>(zeros: points * d)
    parallelism.forEachChunk(of: (points + rows - 1) / rows, grain: tilesPerPiece) { tiles in
      let scratch = AlignedBuffer<Scalar>(uninitialized: d * rows * lanes)
      Scalar.addPairGradient(
        planes.base, points, pitch, Int32(d), left.base, right.base, inner, tiles.lowerBound,
        tiles.upperBound, scratch.base, sums.base)
    }
    return (0..<points * d).map { sums.base[$0] }
  }

  /// Tiles of points that a thread takes at a time.
  private static let tilesPerPiece = 16
}
