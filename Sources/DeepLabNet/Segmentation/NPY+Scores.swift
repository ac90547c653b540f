import Formats
import LatticeSupport
import Unaries

extension NPY {
  /// Writes the scores of one image as (classes, height, width), float32: what `ScoreMapUnary`
  /// reads.
  ///
  /// The file appears whole or not at all, and no second copy of the scores is made.
  /// - Throws: `InputError` as `write(_:to:type:)` does.
  public static func write(scores: Tensor, to path: String) throws {
    let shape = scores.shape
    precondition(shape.batch == 1, "the scores of \(shape.batch) images")
    let extents = [shape.channels, shape.height, shape.width]
    try write(shape: extents, to: path, type: .float32) { range, block in
      var (channel, point) = range.lowerBound.quotientAndRemainder(dividingBy: shape.positions)
      for place in 0..<range.count {
        block[place] = scores.base[point * shape.channels + channel]
        point += 1
        if point == shape.positions { (channel, point) = (channel + 1, 0) }
      }
    }
  }
}
