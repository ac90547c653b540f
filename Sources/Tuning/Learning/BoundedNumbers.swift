import Foundation

/// Numbers between bounds as functions of numbers without any, so that a minimiser that knows no
/// bounds keeps to them.
///
/// p = middle + half · sin(x / half): James & Roos, "Minuit: a system for function minimization and
/// analysis of the parameter errors and correlations", Computer Physics Communications 10 (1975).
/// In the middle of the bounds, p changes as x does. A slope vanishes at the bounds alone, and
/// beyond them the way leads back.
package struct BoundedNumbers {
  private let bounds: [ClosedRange<Double>]

  /// How near to a bound, as a share of half the way, a number may begin: at the bound itself its
  /// slope would be 0.
  private static let margin = 1e-3

  /// - Parameter bounds: of each number; no two are the same.
  package init(_ bounds: [ClosedRange<Double>]) { self.bounds = bounds }

  /// The free numbers of bounded ones, which are moved inside where they lie at a bound.
  package func free(_ numbers: [Double]) -> [Double] {
    zip(numbers, bounds).map { number, bounds in
      let (middle, half) = Self.parts(bounds)
      let share = min(max((number - middle) / half, Self.margin - 1), 1 - Self.margin)
      return half * asin(share)
    }
  }

  /// The bounded numbers of free ones.
  package func bounded(_ free: [Double]) -> [Double] {
    zip(free, bounds).map { free, bounds in
      let (middle, half) = Self.parts(bounds)
      return middle + half * sin(free / half)
    }
  }

  /// The gradient by the free numbers.
  ///
  /// - Parameters:
  ///   - gradient: by the bounded ones.
  ///   - free: where.
  package func freeGradient(_ gradient: [Double], at free: [Double]) -> [Double] {
    gradient.indices.map { gradient[$0] * cos(free[$0] / Self.parts(bounds[$0]).half) }
  }

  private static func parts(_ bounds: ClosedRange<Double>) -> (middle: Double, half: Double) {
    ((bounds.lowerBound + bounds.upperBound) / 2, (bounds.upperBound - bounds.lowerBound) / 2)
  }
}
