import LatticeSupport
import Unaries

/// Images of rectangles: labels as they are painted, one upon the other, and colours that say where
/// a pixel is and in which image.
struct PaintedObjects: LabelledImages {
  struct Rectangle {
    var label: UInt16
    var rows: Range<Int>
    var columns: Range<Int>

    init(_ label: UInt16, _ rows: Range<Int>, _ columns: Range<Int>) {
      (self.label, self.rows, self.columns) = (label, rows, columns)
    }
  }

  var paintings: [[Rectangle]]
  var grid = GridShape(width: 24, height: 16)
  static let classes = 4

  var count: Int { paintings.count }
  func name(_ index: Int) -> String { "image \(index)" }
  func labelsPlace(_ index: Int) -> String { "labels \(index).png" }

  func image(_ index: Int) throws -> Image {
    let pixels = (0..<grid.count).map { point -> [UInt8] in
      let (row, column) = point.quotientAndRemainder(dividingBy: grid.width)
      return [UInt8(row * 10), UInt8(column * 10), UInt8(index % 10)]
    }
    return try Image(width: grid.width, height: grid.height, rgb: pixels.flatMap(\.self))
  }

  func labels(_ index: Int) throws -> LabelMap {
    var labels = try LabelMap(grid: grid, labels: [UInt16](repeating: 0, count: grid.count))
    for rectangle in paintings[index] {
      for row in rectangle.rows {
        for column in rectangle.columns {
          labels.labels[row * grid.width + column] = rectangle.label
        }
      }
    }
    return labels
  }

  /// Random rectangles, several an image.
  static func random(count: Int) -> PaintedObjects {
    PaintedObjects(
      paintings: (0..<count).map { index in
        var draws = SeededGenerator(seed: 3, place: UInt64(index))
        return (0..<4).map { _ in
          let (row, column) = (draws.below(10), draws.below(16))
          return Rectangle(
            UInt16(1 + draws.below(classes - 1)), row..<row + 3 + draws.below(4),
            column..<column + 3 + draws.below(5))
        }
      })
  }
}
