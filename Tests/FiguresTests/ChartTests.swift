import Figures
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Whether figures can be drawn here: cairo is loaded where it is installed.
let canDraw = Drawing.isAvailable

extension Picture {
  /// How many pixels have exactly one colour.
  func count(of color: [UInt8], rows: Range<Int>? = nil, columns: Range<Int>? = nil) -> Int {
    var hits = 0
    for row in rows ?? 0..<height {
      for column in columns ?? 0..<width {
        let place = 3 * (row * width + column)
        if rgb[place] == color[0], rgb[place + 1] == color[1], rgb[place + 2] == color[2] {
          hits += 1
        }
      }
    }
    return hits
  }
}

@Suite("Charts", .enabled(if: canDraw, "cairo is not installed"))
struct ChartTests {
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
    #expect(negative.values.map(negative.text).contains("−0.2"))
  }

  private let blue: [UInt8] = [0, 114, 178]

  @Test("a level curve is drawn half way up an axis that ends as far above it as below")
  func level() throws {
    let chart = LineChart(
      title: "t", x: "x", y: "y",
      // A vertical line at the left, so that the axis is 0…10; more points than are marked.
      series: [
        .init("a", (0...20).map { (x: Double($0), y: 5) }), .init("b", [(0, 0), (0, 10)]),
      ])
    let picture = try chart.drawing.picture(scale: 1)
    let columns = 200..<700
    let rows = (0..<picture.height).filter {
      picture.count(of: blue, rows: $0..<$0 + 1, columns: columns) == columns.count
    }
    // Two and a half pixels thick: two are covered whole at least.
    #expect((2...3).contains(rows.count))
    let ticks = Drawing.Style.plain.width(of: "10")
    #expect(ticks > 10 && ticks < 25)
  }

  @Test("an axis covers what it is told to, so that charts can be compared")
  func coveredAxis() throws {
    func drawn(_ points: [(x: Double, y: Double)]) throws -> Int {
      try LineChart(
        title: "t", x: "x", y: "y", series: [.init("a", points)], covering: 0...10
      ).drawing.picture(scale: 1).count(of: blue, columns: 600..<745)
    }
    #expect(try drawn([(0, 1), (5, 2)]) == 0)
    #expect(try drawn([(0, 1), (10, 2)]) > 0)
  }

  @Test("a chart without anything to show is empty, and charts stand one below the other")
  func empty() throws {
    let chart = LineChart(
      title: "t", x: "x", y: "y", series: [.init("a", [(1, .nan)])], isLogarithmic: true)
    let picture = try chart.drawing.picture(scale: 1)
    #expect((picture.width, picture.height) == (760, 400))
    #expect(picture.count(of: blue) == 0)
    let both = Drawing(of: [chart, ScatterChart(title: "t", x: "x", y: "y", points: [])])
    #expect((both.width, both.height) == (760, 840))
    #expect(Drawing(of: [chart, chart, chart], columns: 2).width == 1520)
  }

  @Test("cells are shaded from white to blue, those without a value gray; all names fit")
  func heatMap() throws {
    let names = ["a", "a very long name"]
    let title = "a title that is wider than the table"
    let figure = HeatMap(
      title: title, rowAxis: "row", columnAxis: "column", rows: names, columns: names,
      cells: [
        [.init(shade: 1, text: ""), .init(shade: nil, text: "")],
        [.init(shade: 0, text: ""), .init(shade: 0.5, text: "")],
      ])
    let picture = try figure.drawing.picture(scale: 1)
    // A cell is 26 units wide and high, less a gap of 1; its edges may lie within pixels.
    for color: [UInt8] in [[8, 48, 107], [225, 225, 225]] {
      #expect((24 * 24...25 * 25).contains(picture.count(of: color)))
    }
    // Nothing is written over the picture's edges.
    #expect(
      picture.count(of: [255, 255, 255], columns: picture.width - 4..<picture.width)
        == 4 * picture.height)
    #expect(Drawing.Style.heading.width(of: title) < figure.size.width)
  }

  @Test("names of points stand where no other name does")
  func names() throws {
    let points = (0..<4).map {
      ScatterChart.Point("the same place \($0)", x: 1, y: 1, isBest: false)
    }
    let svg = try ScatterChart(title: "t", x: "x", y: "y", points: points).drawing.svg()
    let places = svg.split(separator: "\n").filter { $0.contains("the same place") }
      .map { $0.prefix { $0 != ">" } }
    #expect(places.count == 4)
    #expect(Set(places).count == 4)
  }

  @Test("bars are as long as their values, and one that is missing is not drawn")
  func bars() throws {
    let chart = BarChart(
      title: "t", axis: "IOU, %", groups: ["a", "b", "c"],
      series: [.init("before", [100, 50, nil])], covering: 0...100)
    let picture = try chart.drawing.picture(scale: 1)
    let lengths = (0..<picture.height).map {
      picture.count(of: blue, rows: $0..<$0 + 1)
    }.filter { $0 > 0 }
    let (long, short) = (lengths.max() ?? 0, lengths.min() ?? 0)
    // To the pixels at both ends that are covered in part.
    #expect(abs(long - 2 * short) <= 4)
    #expect(lengths.count <= 2 * 13)
  }
}
