/// Curves over a common axis, with a legend.
public struct LineChart: Figure {
  /// A curve.
  public struct Series: Sendable {
    /// What the legend calls it.
    public let name: String
    /// In ascending order of x; points that are not finite are left out.
    public let points: [(x: Double, y: Double)]
    /// Whether the line has gaps.
    public let isDashed: Bool

    /// A curve by its points; those that are not finite are left out.
    public init(_ name: String, _ points: [(x: Double, y: Double)], isDashed: Bool = false) {
      self.name = name
      self.points = points.filter { $0.x.isFinite && $0.y.isFinite }
      self.isDashed = isDashed
    }
  }

  private let title: String
  private let xLabel: String
  private let yLabel: String
  private let series: [Series]
  private let covered: ClosedRange<Double>?
  private let isLogarithmic: Bool

  /// - Parameters:
  ///   - title: what is shown, in a few words.
  ///   - x: what the horizontal axis is, with its unit.
  ///   - y: what the vertical axis is, with its unit.
  ///   - series: the curves.
  ///   - covered: what the horizontal axis shows even where no point is, so that charts one below
  ///     the other have the same.
  ///   - isLogarithmic: whether equal steps of the vertical axis are equal factors; points that are
  ///     not above 0 are left out then.
  public init(
    title: String, x: String, y: String, series: [Series],
    covering covered: ClosedRange<Double>? = nil, isLogarithmic: Bool = false
  ) {
    self.title = title
    xLabel = x
    yLabel = y
    self.series =
      isLogarithmic
      ? series.map { Series($0.name, $0.points.filter { $0.y > 0 }, isDashed: $0.isDashed) }
      : series
    self.covered = covered
    self.isLogarithmic = isLogarithmic
  }

  /// That of every line chart.
  public var size: (width: Double, height: Double) { (760, 400) }

  /// Curves of few points have a disc at each.
  private static let mostMarked = 16

  /// Draws the chart.
  public func draw(on drawing: inout Drawing, at corner: Place) {
    let outer = Box(x: corner.x, y: corner.y, width: size.width, height: size.height)
    let legend = Legend(
      series.count < 2
        ? []
        : series.enumerated().map {
          Legend.Entry(name: $1.name, color: .distinct($0), dash: $1.isDashed ? 5 : 0)
        }, width: outer.width - 90)
    let points = series.flatMap(\.points)
    let ends = covered.map { [$0.lowerBound, $0.upperBound] } ?? []
    let axes = Axes(
      Axis(covering: points.map(\.x) + ends),
      isLogarithmic
        ? Axis(logarithmicCovering: points.map(\.y)) : Axis(covering: points.map(\.y)),
      in: outer, top: 42 + legend.height)
    let heading = Drawing.Style.heading
    drawing.text(
      heading.shortened(title, to: outer.width - 30), at: Place(axes.frame.x, outer.y + 22),
      .start, heading)
    legend.draw(on: &drawing, at: Place(axes.frame.x, outer.y + 36))
    axes.draw(on: &drawing, xLabel, yLabel)
    for (place, curve) in series.enumerated() {
      let color = Color.distinct(place)
      let places = curve.points.map { axes.place($0.x, $0.y) }
      drawing.line(places, thickness: 2.5, dash: curve.isDashed ? 5 : 0, color)
      guard places.count <= Self.mostMarked else { continue }
      for place in places { drawing.disc(place, radius: 3.5, color) }
    }
  }
}
