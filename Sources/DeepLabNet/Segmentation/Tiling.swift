import LatticeSupport

/// Overlapping square tiles of an image, whose scores are blended.
///
/// Within an overlap the weight of one tile falls linearly as that of the next rises, so that no
/// seam shows.
public struct Tiling: Sendable, Hashable {
  /// Rows and columns of a tile in pixels.
  public let size: Int
  /// Pixels that neighbouring tiles share at least.
  public let overlap: Int

  /// - Throws: `InputError` unless 0 ≤ overlap < size.
  public init(size: Int, overlap: Int) throws {
    guard size >= 1, overlap >= 0, overlap < size else {
      throw InputError(
        .usage, "tiles of \(size) pixels with an overlap of \(overlap)",
        remedy: "give a size of at least 1 and an overlap below it")
    }
    self.size = size
    self.overlap = overlap
  }

  /// One tile's pixels along an axis, with their weights.
  package struct Piece: Sendable, Hashable {
    package let range: Range<Int>
    /// One per pixel; those of all pieces at a pixel sum to 1.
    package let weights: [Float]
  }

  /// Tiles along an axis: as few as the overlap allows, spread evenly.
  package func pieces(of length: Int) -> [Piece] {
    guard length > size else {
      return [Piece(range: 0..<length, weights: [Float](repeating: 1, count: length))]
    }
    let step = size - overlap
    let count = (length - size + step - 1) / step + 1
    let starts = (0..<count).map { $0 * (length - size) / (count - 1) }
    let ramps = starts.indices.map { index in
      let range = starts[index]..<starts[index] + size
      let before = index == 0 ? nil : starts[index - 1] + size
      let after = index == count - 1 ? nil : starts[index + 1]
      return (range, Self.ramps(range, sharedUntil: before, sharedFrom: after))
    }
    var sums = [Float](repeating: 0, count: length)
    for (range, weights) in ramps {
      for (pixel, weight) in zip(range, weights) { sums[pixel] += weight }
    }
    return ramps.map { range, weights in
      Piece(range: range, weights: zip(range, weights).map { $1 / sums[$0] })
    }
  }

  /// Weights that rise where the piece before ends and fall where the next begins.
  private static func ramps(
    _ range: Range<Int>, sharedUntil before: Int?, sharedFrom after: Int?
  ) -> [Float] {
    range.map { pixel in
      var weight: Float = 1
      if let before, pixel < before {
        weight *= (Float(pixel - range.lowerBound) + 0.5) / Float(before - range.lowerBound)
      }
      if let after, pixel >= after {
        weight *= (Float(range.upperBound - pixel) - 0.5) / Float(range.upperBound - after)
      }
      return weight
    }
  }
}
