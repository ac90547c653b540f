import LatticeSupport
import Unaries

/// Curves over a common axis, with a legend.
package struct LineChart {
  /// A curve.
  package struct Series {
    package let name: String
    /// In ascending order of x; points that are not finite are left out.
    package let points: [(x: Double, y: Double)]

    package init(_ name: String, _ points: [(x: Double, y: Double)]) {
      self.name = name
      self.points = points.filter { $0.x.isFinite && $0.y.isFinite }
    }
  }

  private let title: String
  private let xLabel: String
  private let yLabel: String
  private let series: [Series]
  private let covered: ClosedRange<Double>?

  /// - Parameters:
  ///   - title: what is shown, in a few words.
  ///   - x: what the horizontal axis is, with its unit.
  ///   - y: what the vertical axis is, with its unit.
  ///   - series: the curves.
  ///   - covered: what the horizontal axis shows even where no point is, so that charts one below
  ///     the other have the same.
  package init(
    title: String, x: String, y: String, series: [Series],
    covering covered: ClosedRange<Double>? = nil
  ) {
    self.title = title
    xLabel = x
    yLabel = y
    self.series = series
    self.covered = covered
  }

  /// The size of a chart.
  private static let size = (width: 760, height: 440)
  private static let margin: (left: Float, right: Float, top: Float, bottom: Float) =
    (100, 30, 46, 70)
  private static let gray: Canvas.Color = (225, 225, 225)
  private static let black: Canvas.Color = (0, 0, 0)
  /// Okabe & Ito's colours, which most people with deficient colour vision can tell apart.
  private static let colors: [Canvas.Color] = [
    (0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233),
  ]

  /// Charts, one below the other.
  ///
  /// - Throws: `InputError` where the picture is too large for memory.
  package static func picture(of charts: [LineChart]) throws -> Image {
    precondition(!charts.isEmpty, "there is no chart to draw")
    var canvas = try Canvas(width: size.width, height: size.height * charts.count)
    for (place, chart) in charts.enumerated() {
      chart.draw(on: &canvas, top: Float(place * size.height))
    }
    return try canvas.image()
  }

  private func draw(on canvas: inout Canvas, top: Float) {
    let frame = (
      left: Self.margin.left, right: Float(Self.size.width) - Self.margin.right,
      top: top + Self.margin.top, bottom: top + Float(Self.size.height) - Self.margin.bottom
    )
    let points = series.flatMap(\.points)
    let ends = covered.map { [$0.lowerBound, $0.upperBound] } ?? []
    let xTicks = AxisTicks(covering: Self.range(points.map(\.x) + ends))
    let yTicks = AxisTicks(covering: Self.range(points.map(\.y)))
    func x(_ value: Double) -> Float {
      frame.left + (frame.right - frame.left) * Self.share(value, of: xTicks.range)
    }
    func y(_ value: Double) -> Float {
      frame.bottom - (frame.bottom - frame.top) * Self.share(value, of: yTicks.range)
    }
    for tick in xTicks.values {
      canvas.line(
        from: (x(tick), frame.top), to: (x(tick), frame.bottom), thickness: 1, Self.gray)
      canvas.text(xTicks.text(tick), x: x(tick), y: frame.bottom + 16, .center)
    }
    for tick in yTicks.values {
      canvas.line(
        from: (frame.left, y(tick)), to: (frame.right, y(tick)), thickness: 1, Self.gray)
      canvas.text(yTicks.text(tick), x: frame.left - 8, y: y(tick), .right)
    }
    for end in [(frame.left, frame.top), (frame.right, frame.bottom)] {
      canvas.line(from: (frame.left, frame.bottom), to: end, thickness: 1.5, Self.black)
    }
    canvas.text(title, x: (frame.left + frame.right) / 2, y: top + 22, .center)
    canvas.text(xLabel, x: (frame.left + frame.right) / 2, y: frame.bottom + 44, .center)
    canvas.text(yLabel, x: 20, y: (frame.top + frame.bottom) / 2, .center, isUpright: true)
    for (place, curve) in series.enumerated() {
      let color = Self.colors[place % Self.colors.count]
      let places = curve.points.map { (x: x($0.x), y: y($0.y)) }
      if places.count == 1 { canvas.disc(x: places[0].x, y: places[0].y, radius: 4, color) }
      for (start, end) in zip(places, places.dropFirst()) {
        canvas.line(from: start, to: end, thickness: 2.5, color)
      }
    }
    drawLegend(on: &canvas, right: frame.right, place: legendPlace(x, y, frame.top, frame.bottom))
  }

  /// The top of the legend: in the upper or the lower right corner, where fewer points are hidden.
  private func legendPlace(
    _ x: (Double) -> Float, _ y: (Double) -> Float, _ top: Float, _ bottom: Float
  ) -> Float {
    let height = Float(series.count) * Self.legendLine + 8
    let left = Float(Self.size.width) - Self.margin.right - legendWidth
    let right = series.flatMap(\.points).filter { x($0.x) >= left }
    let above = right.count { y($0.y) < top + height }
    let below = right.count { y($0.y) > bottom - height }
    return below < above ? bottom - height - 6 : top + 6
  }

  private static let legendLine: Float = 22
  private static let sampleLength: Float = 28

  private var legendWidth: Float {
    Float(series.map { Canvas.length(of: $0.name) }.max() ?? 0) + Self.sampleLength + 24
  }

  private func drawLegend(on canvas: inout Canvas, right: Float, place top: Float) {
    guard series.count > 1 else { return }
    let left = right - legendWidth - 4
    let height = Float(series.count) * Self.legendLine + 8
    canvas.box(x: left...right - 4, y: top...top + height, Self.gray)
    canvas.box(x: left + 1...right - 5, y: top + 1...top + height - 1, (255, 255, 255))
    for (place, curve) in series.enumerated() {
      let y = top + 4 + (Float(place) + 0.5) * Self.legendLine
      canvas.line(
        from: (left + 8, y), to: (left + 8 + Self.sampleLength, y), thickness: 2.5,
        Self.colors[place % Self.colors.count])
      canvas.text(curve.name, x: left + 14 + Self.sampleLength, y: y)
    }
  }

  private static func range(_ values: [Double]) -> ClosedRange<Double> {
    (values.min() ?? 0)...(values.max() ?? 1)
  }

  private static func share(_ value: Double, of range: ClosedRange<Double>) -> Float {
    Float((value - range.lowerBound) / (range.upperBound - range.lowerBound))
  }
}
