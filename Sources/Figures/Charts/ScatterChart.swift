/// Points over two logarithmic axes, with their names beside them, and a line through the best.
public struct ScatterChart: Figure {
  /// A point.
  public struct Point: Sendable {
    /// What stands beside it.
    public let name: String
    /// Along the horizontal axis.
    public let x: Double
    /// Along the vertical axis.
    public let y: Double
    /// Whether the line passes through it.
    public let isBest: Bool

    /// A point by its coordinates; `isBest` where no other beats it in both.
    public init(_ name: String, x: Double, y: Double, isBest: Bool) {
      (self.name, self.x, self.y, self.isBest) = (name, x, y, isBest)
    }
  }

  private let title: String
  private let xLabel: String
  private let yLabel: String
  private let points: [Point]

  /// - Parameters:
  ///   - title: what is shown, in a few words.
  ///   - x: what the horizontal axis is, with its unit.
  ///   - y: what the vertical axis is, with its unit.
  ///   - points: those that are not above 0 are left out.
  public init(title: String, x: String, y: String, points: [Point]) {
    self.title = title
    xLabel = x
    yLabel = y
    self.points = points.filter { $0.x > 0 && $0.y > 0 && $0.x.isFinite && $0.y.isFinite }
  }

  /// That of every scatter chart.
  public var size: (width: Double, height: Double) { (760, 440) }

  private static let best = Color.distinct[0]
  private static let other = Color(150, 150, 150)

  /// Draws the chart.
  public func draw(on drawing: inout Drawing, at corner: Place) {
    let outer = Box(x: corner.x, y: corner.y, width: size.width, height: size.height)
    let axes = Axes(
      Axis(logarithmicCovering: points.map(\.x)), Axis(logarithmicCovering: points.map(\.y)),
      in: outer, top: 42)
    let heading = Drawing.Style.heading
    drawing.text(
      heading.shortened(title, to: outer.width - 30), at: Place(axes.frame.x, outer.y + 22),
      .start, heading)
    axes.draw(on: &drawing, xLabel, yLabel)
    let front = points.filter(\.isBest).sorted { $0.x < $1.x }.map { axes.place($0.x, $0.y) }
    drawing.line(front, thickness: 2, Self.best)
    for point in points {
      drawing.disc(
        axes.place(point.x, point.y), radius: 5, point.isBest ? Self.best : Self.other)
    }
    drawNames(on: &drawing, axes, in: outer)
  }

  /// Beside the points, where no other name and no point is, if there is such a place.
  private func drawNames(on drawing: inout Drawing, _ axes: Axes, in outer: Box) {
    let style = Drawing.Style.small
    var taken = points.map { point in
      let place = axes.place(point.x, point.y)
      return Box(x: place.x - 5, y: place.y - 5, width: 10, height: 10)
    }
    for point in points {
      let (place, width) = (axes.place(point.x, point.y), style.width(of: point.name))
      func box(_ right: Bool, _ down: Double) -> Box {
        Box(
          x: right ? place.x + 8 : place.x - 8 - width, y: place.y + down - 7, width: width,
          height: 14)
      }
      let candidates = [-10.0, 10, 0, -24, 24, -38, 38].flatMap { [box(true, $0), box(false, $0)] }
      let free = candidates.filter { $0.x > axes.frame.x && $0.right < outer.right - 4 }
      let chosen =
        free.first { box in !taken.contains { $0.overlaps(box) } } ?? free.first ?? candidates[0]
      taken.append(chosen)
      drawing.text(point.name, at: Place(chosen.x, chosen.center.y), .start, style)
    }
  }
}
