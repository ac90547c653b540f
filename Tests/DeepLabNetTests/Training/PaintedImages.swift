import LatticeSupport
import Unaries

/// Images of blocks, each block painted in the colour of its label.
struct PaintedImages: LabelledImages {
  var grids: [GridShape]
  /// A label that is put over the first pixel of an image.
  var strayLabels: [Int: UInt16] = [:]
  /// Images whose labels lack a row.
  var cut: Set<Int> = []
  static let classes = 3
  private static let blockSize = 8

  init(count: Int, width: Int = 40, height: Int = 24) {
    grids = [GridShape](repeating: GridShape(width: width, height: height), count: count)
  }

  var count: Int { grids.count }

  func name(_ index: Int) -> String { "image \(index)" }

  func labelsPlace(_ index: Int) -> String { "labels \(index).png" }

  static func color(of label: UInt16) -> [UInt8] {
    [UInt8(40 + 60 * label), UInt8(200 - 50 * label), UInt8(10 + 100 * label)]
  }

  private func trueLabels(_ index: Int) -> [UInt16] {
    let grid = grids[index]
    return (0..<grid.count).map { point in
      let (row, column) = point.quotientAndRemainder(dividingBy: grid.width)
      let block = (row / Self.blockSize, column / Self.blockSize)
      var generator = SeededGenerator(
        seed: UInt64(index), place: UInt64(block.0), UInt64(block.1))
      return UInt16(generator.below(Self.classes))
    }
  }

  func image(_ index: Int) throws -> Image {
    let grid = grids[index]
    return try Image(
      width: grid.width, height: grid.height,
      rgb: trueLabels(index).flatMap { Self.color(of: $0) })
  }

  func labels(_ index: Int) throws -> LabelMap {
    var labels = trueLabels(index)
    if let stray = strayLabels[index] { labels[0] = stray }
    guard cut.contains(index) else { return try LabelMap(grid: grids[index], labels: labels) }
    let grid = GridShape(width: grids[index].width, height: grids[index].height - 1)
    return try LabelMap(grid: grid, labels: Array(labels.prefix(grid.count)))
  }
}
