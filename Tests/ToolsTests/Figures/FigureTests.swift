import TestSupport
import Testing
import ToolSupport
import Unaries

@Suite("Figures")
struct FigureTests {
  @Test("marks are at multiples of 1, 2 or 5 and enclose what is shown")
  func ticks() {
    let ticks = AxisTicks(covering: 0.13...1.07)
    #expect(ticks.values.map(ticks.text) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0", "1.2"])
    let large = AxisTicks(covering: 0...20_000)
    #expect(large.values.map(large.text) == ["0", "5000", "10000", "15000", "20000"])
    // A range without extent still has an axis around it.
    let single = AxisTicks(covering: 3...3)
    #expect(single.range.contains(3))
    #expect(single.values.count > 2)
    let negative = AxisTicks(covering: -0.2...0.2)
    #expect(negative.values.map(negative.text).contains("0.0"))
  }

  /// The share of pixels of `image` that are exactly of one colour.
  private func share(of color: [UInt8], in image: Image, rows: Range<Int>, columns: Range<Int>)
    -> Double
  {
    guard case .bytes(let bytes) = image.pixels else { return 0 }
    var hits = 0
    for row in rows {
      for column in columns {
        let place = 3 * (row * image.grid.width + column)
        if (0..<3).allSatisfy({ bytes[place + $0] == color[$0] }) { hits += 1 }
      }
    }
    return Double(hits) / Double(rows.count * columns.count)
  }

  @Test("a picture that no memory can hold is refused, by its size")
  func tooLarge() {
    let text = errorText { _ = try Canvas(width: 1 << 31, height: 1 << 31) }
    #expect(text.contains("a picture of 2147483648×2147483648 pixels"))
  }

  @Test("a curve is drawn where its values are, and each chart takes its part of the picture")
  func chart() throws {
    func chart(_ y: Double) -> LineChart {
      LineChart(
        title: "t", x: "x", y: "y",
        series: [
          .init("a", [(0, y), (10, y), (11, .nan)]),
          // A vertical line left of the columns that are looked at, so that the axis is 0…10.
          .init("b", [(0, 0), (0, 10)]),
        ])
    }
    let one = try LineChart.picture(of: [chart(5)])
    let two = try LineChart.picture(of: [chart(5), chart(0)])
    #expect(two.grid.height == 2 * one.grid.height)
    // The curve is level at the middle of the frame, 46 below the top and 70 above the bottom.
    let middle = (46 + 440 - 70) / 2
    let blue: [UInt8] = [0, 114, 178]
    #expect(share(of: blue, in: one, rows: middle..<middle + 1, columns: 110..<720) > 0.95)
    #expect(
      share(of: blue, in: one, rows: middle + 20..<middle + 21, columns: 110..<720) == 0)
  }

  @Test("an axis covers what it is told to, so that charts can be compared")
  func coveredAxis() throws {
    func rightmost(_ points: [(x: Double, y: Double)]) throws -> Double {
      let picture = try LineChart.picture(of: [
        LineChart(
          title: "t", x: "x", y: "y", series: [.init("a", points)], covering: 0...10)
      ])
      return share(of: [0, 114, 178], in: picture, rows: 46..<370, columns: 600..<730)
    }
    #expect(try rightmost([(0, 1), (5, 2)]) == 0)
    #expect(try rightmost([(0, 1), (10, 2)]) > 0)
  }

  @Test("a curve without points leaves an empty chart")
  func emptyChart() throws {
    let picture = try LineChart.picture(of: [
      LineChart(title: "t", x: "x", y: "y", series: [.init("a", [])])
    ])
    #expect(picture.grid == GridShape(width: 760, height: 440))
  }

  @Test("cells are shaded from white to blue, those without a value gray; all names fit")
  func heatMap() throws {
    let names = ["a", "a very long name"]
    let picture = try HeatMap(
      title: "a title that is wider than the table", rowAxis: "row", columnAxis: "column",
      rows: names, columns: names,
      cells: [
        [.init(shade: 1, text: ""), .init(shade: nil, text: "")],
        [.init(shade: 0, text: "12"), .init(shade: 0.5, text: "")],
      ]
    ).picture()
    let all = (rows: 0..<picture.grid.height, columns: 0..<picture.grid.width)
    func shown(_ color: [UInt8]) -> Int {
      Int(
        (share(of: color, in: picture, rows: all.rows, columns: all.columns)
          * Double(picture.grid.count)).rounded())
    }
    // Cells are as wide as their longest text needs, 32, less a gap of 1; and 26 high.
    #expect(shown([8, 48, 107]) == 31 * 25)
    #expect(shown([225, 225, 225]) == 31 * 25)
    // Nothing is written over the picture's edges.
    let width = picture.grid.width
    #expect(
      share(of: [255, 255, 255], in: picture, rows: all.rows, columns: width - 4..<width) == 1)
    #expect(Canvas.length(of: "a title that is wider than the table") < width)
  }

  @Test("every letter of names and numbers has a shape of its own")
  func font() {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:-+%()/_"
    let shapes = Set(letters.map { PixelFont.rows(of: $0) })
    #expect(shapes.count == letters.count)
    #expect(!shapes.contains(PixelFont.rows(of: "\u{2603}")))
  }
}
