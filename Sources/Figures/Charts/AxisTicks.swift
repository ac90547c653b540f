import Foundation

/// Where an axis has its marks: at multiples of 1, 2 or 5 times a power of ten.
public struct AxisTicks: Equatable, Sendable {
  /// Ascending; the first and last bound the axis.
  public let values: [Double]
  private let decimals: Int

  /// Marks that enclose the range, about `count` of them.
  public init(covering range: ClosedRange<Double>, count: Int = 6) {
    var (low, high) = (range.lowerBound, range.upperBound)
    if high - low <= abs(high) * 1e-9 {
      let room = max(abs(high), 1) / 2
      (low, high) = (low - room, high + room)
    }
    let rough = (high - low) / Double(max(1, count - 1))
    let power = pow(10, floor(log10(rough)))
    let step = ([1, 2, 5, 10].first { $0 * power >= rough * (1 - 1e-9) } ?? 10) * power
    let (first, last) = (floor(low / step + 1e-9), ceil(high / step - 1e-9))
    values = (0...Int(last - first)).map { (first + Double($0)) * step }
    decimals = max(0, -Int(floor(log10(step) + 1e-9)))
  }

  /// The text beside a mark.
  public func text(_ value: Double) -> String {
    let largest = values.map(abs).max() ?? 0
    guard largest < 1e6, decimals <= 6 else { return String(format: "%.3g", value) }
    // 0 − 0.1 + 0.1 must not be −0.
    return String(format: "%.\(decimals)f", value == 0 ? 0 : value)
      .replacingOccurrences(of: "-", with: "−")
  }

  /// From the first mark to the last.
  public var range: ClosedRange<Double> { values[0]...values[values.count - 1] }
}

/// An axis: which numbers it shows, and where.
struct Axis {
  let range: ClosedRange<Double>
  /// The numbers that have a mark, with their texts.
  let ticks: [(value: Double, text: String)]
  private let isLogarithmic: Bool

  /// An even axis around values, and around what it has to cover.
  init(covering values: [Double], count: Int = 6) {
    let ticks = AxisTicks(covering: (values.min() ?? 0)...(values.max() ?? 1), count: count)
    range = ticks.range
    self.ticks = ticks.values.map { ($0, ticks.text($0)) }
    isLogarithmic = false
  }

  /// An axis on which steps of a factor are equally long, around values above 0.
  init(logarithmicCovering values: [Double]) {
    let steps = Self.steps(around: (values.min() ?? 0.1) / 1.2...(values.max() ?? 1) * 1.2)
    range = steps[0]...steps[steps.count - 1]
    // Of many decades, the powers of ten.
    let powers = steps.filter { abs(log10($0) - log10($0).rounded()) < 1e-9 }
    let shown = steps.count > 10 && powers.count >= 2 ? powers : steps
    ticks = shown.map { value in
      (
        value,
        value >= 0.01 && value < 1e5
          ? String(format: "%g", value) : String(format: "%.0e", value)
      )
    }
    isLogarithmic = true
  }

  /// Where a value lies, from 0 at the beginning to 1 at the end.
  func share(_ value: Double) -> Double {
    isLogarithmic
      ? log(value / range.lowerBound) / log(range.upperBound / range.lowerBound)
      : (value - range.lowerBound) / (range.upperBound - range.lowerBound)
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
}

/// Two axes around what a chart shows, with its title and their names.
struct Axes {
  let frame: Box
  let x: Axis
  let y: Axis

  /// Axes for a chart in `outer`, `top` units below its upper edge.
  init(_ x: Axis, _ y: Axis, in outer: Box, top: Double) {
    let left = 44 + Drawing.Style.plain.width(ofLongest: y.ticks.map(\.text))
    let right = 16 + Drawing.Style.plain.width(of: x.ticks.last?.text ?? "") / 2
    frame = Box(
      x: outer.x + left, y: outer.y + top, width: outer.width - left - right,
      height: outer.height - top - 58)
    (self.x, self.y) = (x, y)
  }

  func place(_ x: Double, _ y: Double) -> Place {
    Place(
      frame.x + frame.width * self.x.share(x), frame.bottom - frame.height * self.y.share(y))
  }

  func draw(on drawing: inout Drawing, _ xLabel: String, _ yLabel: String) {
    for (value, text) in x.ticks {
      let place = place(value, y.range.lowerBound)
      drawing.line([Place(place.x, frame.y), place], .faint)
      drawing.text(text, at: Place(place.x, frame.bottom + 14), .middle)
    }
    for (value, text) in y.ticks {
      let place = place(x.range.lowerBound, value)
      drawing.line([place, Place(frame.right, place.y)], .faint)
      drawing.text(text, at: Place(frame.x - 7, place.y), .end)
    }
    drawing.line(
      [
        Place(frame.x, frame.y), Place(frame.x, frame.bottom), Place(frame.right, frame.bottom),
      ], thickness: 1.2)
    drawing.text(xLabel, at: Place(frame.center.x, frame.bottom + 38), .middle)
    let left = frame.x - 21 - Drawing.Style.plain.width(ofLongest: y.ticks.map(\.text))
    drawing.text(yLabel, at: Place(left, frame.center.y), .middle, isUpright: true)
  }
}
