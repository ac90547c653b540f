import DeepLabNet
import LatticeSupport
import Testing
import Unaries

@Suite("Objects in label maps")
struct LabelledObjectTests {
  /// Labels as digits, `x` for what does not count.
  private func map(_ rows: String...) throws -> LabelMap {
    try LabelMap(
      grid: GridShape(width: rows[0].count, height: rows.count),
      labels: rows.joined().map { $0 == "x" ? 255 : UInt16($0.wholeNumberValue ?? 0) })
  }

  private func object(
    _ label: UInt16, _ rows: Range<Int>, _ columns: Range<Int>, _ area: Int
  ) -> LabelledObject {
    LabelledObject(label: label, box: PixelBox(rows: rows, columns: columns), area: area)
  }

  @Test("pixels of one class that touch by a side or a corner are one object, in its tight box")
  func painted() throws {
    let labels = try map(
      "110002220",
      "100020020",
      "001000020",
      "00x100222",
      "3xx000033",
      "300000333")
    let objects = labels.objects(background: 0, ignoring: 255, atLeast: 1)
    #expect(
      objects == [
        object(1, 0..<2, 0..<2, 3), object(2, 0..<4, 4..<9, 9),
        object(1, 2..<4, 2..<4, 2), object(3, 4..<6, 0..<1, 2), object(3, 4..<6, 6..<9, 5),
      ])
  }

  @Test("smaller objects, the background and what does not count are left out; borders are not")
  func chosen() throws {
    let labels = try map(
      "1112",
      "1x12",
      "1112")
    #expect(
      labels.objects(background: 0, ignoring: 255, atLeast: 3)
        == [object(1, 0..<3, 0..<3, 8), object(2, 0..<3, 3..<4, 3)])
    #expect(
      labels.objects(background: 0, ignoring: 255, atLeast: 4) == [object(1, 0..<3, 0..<3, 8)])
    #expect(
      labels.objects(background: 1, ignoring: 255, atLeast: 1) == [object(2, 0..<3, 3..<4, 3)])
    #expect(
      labels.objects(background: 0, ignoring: 1, atLeast: 1)
        == [object(2, 0..<3, 3..<4, 3), object(255, 1..<2, 1..<2, 1)])
    #expect(labels.objects(background: 1, ignoring: 2, atLeast: 2).isEmpty)
  }

  @Test("random maps have the objects that filling from pixel to pixel finds", arguments: 0..<40)
  func random(seed: UInt64) throws {
    var draws = SeededGenerator(seed: seed)
    let grid = GridShape(width: 1 + draws.below(24), height: 1 + draws.below(24))
    // Few classes: parts that wind and join late.
    let labels = try LabelMap(
      grid: grid, labels: (0..<grid.count).map { _ in UInt16(draws.below(3)) })
    #expect(
      labels.objects(background: 0, ignoring: 255, atLeast: 2)
        == filled(labels).filter { $0.area >= 2 })
  }

  /// The objects of `labels`, found one pixel after the other.
  private func filled(_ labels: LabelMap) -> [LabelledObject] {
    let (height, width) = (labels.grid.height, labels.grid.width)
    var isSeen = labels.labels.map { $0 == 0 }
    var objects: [LabelledObject] = []
    for start in labels.labels.indices where !isSeen[start] {
      var points = [start]
      isSeen[start] = true
      var next = 0
      while next < points.count {
        let (row, column) = points[next].quotientAndRemainder(dividingBy: width)
        next += 1
        for y in max(0, row - 1)...min(height - 1, row + 1) {
          for x in max(0, column - 1)...min(width - 1, column + 1) {
            let point = y * width + x
            if isSeen[point] || labels.labels[point] != labels.labels[start] { continue }
            isSeen[point] = true
            points.append(point)
          }
        }
      }
      let (rows, columns) = (points.map { $0 / width }, points.map { $0 % width })
      objects.append(
        object(
          labels.labels[start], (rows.min() ?? 0)..<(rows.max() ?? 0) + 1,
          (columns.min() ?? 0)..<(columns.max() ?? 0) + 1, points.count))
    }
    return objects
  }

  @Test("boxes grow around their centres and end where the image does")
  func scaled() {
    let grid = GridShape(width: 40, height: 30)
    func scaled(_ rows: Range<Int>, _ columns: Range<Int>, _ factor: Double) -> PixelBox {
      PixelBox(rows: rows, columns: columns).scaled(by: factor, within: grid)
    }
    #expect(scaled(10..<20, 10..<30, 1.2) == PixelBox(rows: 9..<21, columns: 8..<32))
    #expect(scaled(0..<10, 30..<40, 1.2) == PixelBox(rows: 0..<11, columns: 29..<40))
    #expect(scaled(0..<30, 0..<40, 1.2) == PixelBox(rows: 0..<30, columns: 0..<40))
    #expect(scaled(5..<8, 7..<11, 1) == PixelBox(rows: 5..<8, columns: 7..<11))
    #expect(scaled(10..<20, 10..<30, 0.5) == PixelBox(rows: 13..<18, columns: 15..<25))
    #expect(scaled(29..<30, 39..<40, 0.1) == PixelBox(rows: 29..<30, columns: 39..<40))
  }
}
