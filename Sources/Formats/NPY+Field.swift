import LatticeSupport
import Unaries

extension NPY {
  /// Writes a field over `grid` as (channels, extents of the grid): the order of PyTorch and
  /// pydensecrf.
  ///
  /// The file appears whole or not at all, and no second copy of the field is made.
  /// - Throws: `InputError` as `write(_:to:type:)` does.
  public static func write(
    _ field: ChannelField, over grid: GridShape, to path: String, type: ElementType = .float32
  ) throws {
    precondition(
      field.points == grid.count, "a field of \(field.points) points over \(grid.count)")
    try write(shape: [field.channels] + grid.extents, to: path, type: type) { range, block in
      var (channel, point) = range.lowerBound.quotientAndRemainder(dividingBy: grid.count)
      for place in 0..<range.count {
        block[place] = field.base[point * field.stride + channel]
        point += 1
        if point == grid.count { (channel, point) = (channel + 1, 0) }
      }
    }
  }
}
