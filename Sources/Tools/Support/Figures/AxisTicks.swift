import Foundation

/// Where an axis has its marks: at multiples of 1, 2 or 5 times a power of ten.
package struct AxisTicks: Equatable {
  /// Ascending; the first and last bound the axis.
  package let values: [Double]
  private let decimals: Int

  /// Marks that enclose the range, about `count` of them.
  package init(covering range: ClosedRange<Double>, count: Int = 6) {
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
  package func text(_ value: Double) -> String {
    // 0 − 0.1 + 0.1 must not be −0.
    String(format: "%.\(decimals)f", value == 0 ? 0 : value)
  }

  package var range: ClosedRange<Double> { values[0]...values[values.count - 1] }
}
