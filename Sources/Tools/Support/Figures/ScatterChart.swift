import Foundation
import LatticeSupport
import Unaries

/// Points over two logarithmic axes, with their names beside them, and a line through the best.
package struct ScatterChart {
  /// A point.
  package struct Point {
    package let name: String
    package let x: Double
    package let y: Double
    /// Whether the line passes through it.
    package let isBest: Bool

    package init(_ name: String, x: Double, y: Double, isBest: Bool) {
      self.name = name
      self.x = x
      self.y = y
      self.isBest = isBest
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
  package init(title: String, x: String, y: String, points: [Point]) {
    self.title = title
    xLabel = x
    yLabel = y
    self.points = points.filter { $0.x > 0 && $0.y > 0 && $0.x.isFinite && $0.y.isFinite }
  }

  private static let size = (width: 760, height: 440)
  private static let margin: (left: Float, right: Float, top: Float, bottom: Float) =
    (110, 40, 46, 70)
  private static let gray: Canvas.Color = (225, 225, 225)
  private static let black: Canvas.Color = (0, 0, 0)
  private static let best: Canvas.Color = (0, 114, 178)
  private static let other: Canvas.Color = (150, 150, 150)

  /// Charts, one below the other.
  ///
  /// - Throws: `InputError` where the picture is too large for memory.
  package static func picture(of charts: [ScatterChart]) throws -> Image {
    precondition(!charts.isEmpty, "there is no chart to draw")
    var canvas = try Canvas(width: size.width, height: size.height * charts.count)
    for (place, chart) in charts.enumerated() {
      chart.draw(on: &canvas, top: Float(place * size.height))
    }
    return try canvas.image()
  }

  private func draw(on canvas: inout Canvas, top: Float) {
    let (left, right) = (Self.margin.left, Float(Self.size.width) - Self.margin.right)
    let (upper, lower) = (top + Self.margin.top, top + Float(Self.size.height) - Self.margin.bottom)
    let (xRange, yRange) = (Self.decades(points.map(\.x)), Self.decades(points.map(\.y)))
    func x(_ value: Double) -> Float { left + (right - left) * Self.share(value, of: xRange) }
    func y(_ value: Double) -> Float { lower - (lower - upper) * Self.share(value, of: yRange) }
    for tick in Self.ticks(xRange) {
      canvas.line(from: (x(tick), upper), to: (x(tick), lower), thickness: 1, Self.gray)
      canvas.text(Self.text(tick), x: x(tick), y: lower + 16, .center)
    }
    for tick in Self.ticks(yRange) {
      canvas.line(from: (left, y(tick)), to: (right, y(tick)), thickness: 1, Self.gray)
      canvas.text(Self.text(tick), x: left - 8, y: y(tick), .right)
    }
    for end in [(left, upper), (right, lower)] {
      canvas.line(from: (left, lower), to: end, thickness: 1.5, Self.black)
    }
    canvas.text(title, x: (left + right) / 2, y: top + 22, .center)
    canvas.text(xLabel, x: (left + right) / 2, y: lower + 44, .center)
    canvas.text(yLabel, x: 20, y: (upper + lower) / 2, .center, isUpright: true)
    let front = points.filter(\.isBest).sorted { $0.x < $1.x }
    for (start, end) in zip(front, front.dropFirst()) {
      canvas.line(
        from: (x(start.x), y(start.y)), to: (x(end.x), y(end.y)), thickness: 2, Self.best)
    }
    for point in points {
      let color = point.isBest ? Self.best : Self.other
      canvas.disc(x: x(point.x), y: y(point.y), radius: 5, color)
      // Beside the point, on the side where there is room.
      let fits = x(point.x) + 12 + Float(Canvas.length(of: point.name)) <= right + 30
      canvas.text(
        point.name, x: x(point.x) + (fits ? 10 : -10), y: y(point.y) - 10, fits ? .left : .right)
    }
  }

  /// Whole steps of 1, 2, 5 around the values.
  private static func decades(_ values: [Double]) -> ClosedRange<Double> {
    guard let low = values.min(), let high = values.max() else { return 0.1...1 }
    let steps = steps(around: low / 1.2...high * 1.2)
    return steps[0]...steps[steps.count - 1]
  }

  /// 1, 2, 5 times powers of ten from the last below a range to the first above.
  private static func steps(around range: ClosedRange<Double>) -> [Double] {
    let first = Int(floor(log10(range.lowerBound)))
    let last = Int(ceil(log10(range.upperBound)))
    let all = (first...last).flatMap { power in [1, 2, 5].map { $0 * pow(10, Double(power)) } }
    let low = all.lastIndex { $0 <= range.lowerBound * (1 + 1e-9) } ?? 0
    let high = all.firstIndex { $0 >= range.upperBound * (1 - 1e-9) } ?? all.count - 1
    return Array(all[low...max(high, low + 1)])
  }

  private static func ticks(_ range: ClosedRange<Double>) -> [Double] {
    let all = steps(around: range)
    // Of many decades, the powers of ten.
    let powers = all.filter { abs(log10($0) - log10($0).rounded()) < 1e-9 }
    return all.count > 10 && powers.count >= 2 ? powers : all
  }

  private static func text(_ value: Double) -> String {
    value >= 0.01 && value < 1e5 ? String(format: "%g", value) : String(format: "%.0e", value)
  }

  private static func share(_ value: Double, of range: ClosedRange<Double>) -> Float {
    Float(log(value / range.lowerBound) / log(range.upperBound / range.lowerBound))
  }
}
