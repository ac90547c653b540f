import Foundation

/// Numbers of several groups side by side: a group of level bars for each name.
public struct BarChart: Figure {
  /// One bar of every group.
  public struct Series: Sendable {
    /// What the legend calls it.
    public let name: String
    /// One of each group; `nil` where there is none.
    public let values: [Double?]

    /// A series by its values, one of each group.
    public init(_ name: String, _ values: [Double?]) {
      self.name = name
      self.values = values.map { $0.flatMap { $0.isFinite ? $0 : nil } }
    }
  }

  private let title: String
  private let axisLabel: String
  private let groups: [String]
  private let series: [Series]
  private let axis: Axis

  private static let bar = 13.0
  private static let gap = 9.0
  private static let bottom = 58.0

  /// - Parameters:
  ///   - title: what is shown, in a few words.
  ///   - axis: what bars measure, with its unit.
  ///   - groups: the groups' names, from the top.
  ///   - series: the bars of each group, from the top.
  ///   - covered: what the axis shows at least.
  public init(
    title: String, axis: String, groups: [String], series: [Series],
    covering covered: ClosedRange<Double> = 0...1
  ) {
    precondition(
      series.allSatisfy { $0.values.count == groups.count },
      "\(series.map(\.values.count)) bars for \(groups.count) names")
    self.title = title
    axisLabel = axis
    self.groups = groups
    self.series = series
    self.axis = Axis(
      covering: series.flatMap(\.values).compactMap { $0 }
        + [covered.lowerBound, covered.upperBound])
  }

  private var legend: Legend {
    Legend(
      series.count < 2
        ? [] : series.enumerated().map { Legend.Entry(name: $1.name, color: .distinct($0)) },
      width: 640)
  }

  private var group: Double { Double(max(1, series.count)) * Self.bar + Self.gap }
  private var top: Double { 42 + legend.height }

  /// Higher the more bars there are.
  public var size: (width: Double, height: Double) {
    (760, top + Double(max(1, groups.count)) * group + Self.bottom)
  }

  /// Draws the chart.
  public func draw(on drawing: inout Drawing, at corner: Place) {
    let names = groups.map { Drawing.Style.plain.shortened($0, to: 220) }
    let left = corner.x + 20 + Drawing.Style.plain.width(ofLongest: names)
    let right = corner.x + size.width - 60
    let (upper, lower) = (corner.y + top, corner.y + size.height - Self.bottom)
    drawing.text(title, at: Place(left, corner.y + 22), .start, .heading)
    legend.draw(on: &drawing, at: Place(left, corner.y + 36))
    func x(_ value: Double) -> Double { left + (right - left) * axis.share(value) }
    for (value, text) in axis.ticks {
      drawing.line([Place(x(value), upper), Place(x(value), lower)], .faint)
      drawing.text(text, at: Place(x(value), lower + 14), .middle)
    }
    let start = x(min(axis.range.upperBound, max(axis.range.lowerBound, 0)))
    for (place, name) in names.enumerated() {
      let first = upper + Double(place) * group + Self.gap / 2
      drawing.text(
        name, at: Place(left - 8, first + (group - Self.gap) / 2), .end)
      for (row, series) in series.enumerated() {
        guard let value = series.values[place] else { continue }
        let y = first + Double(row) * Self.bar
        let end = x(value)
        drawing.box(
          Box(x: min(start, end), y: y, width: abs(end - start), height: Self.bar - 1),
          .distinct(row))
        drawing.text(
          String(format: "%.1f", value), at: Place(max(start, end) + 5, y + Self.bar / 2), .start,
          .small)
      }
    }
    drawing.line([Place(start, upper), Place(start, lower)], thickness: 1.2)
    drawing.text(axisLabel, at: Place((left + right) / 2, lower + 38), .middle)
  }
}
