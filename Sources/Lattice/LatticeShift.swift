/// How far features can be moved without changing what any filter makes of them.
///
/// A Gaussian does not change wherever its points are moved to, but a lattice does: by less than
/// rounding only where each point keeps its place among the vertices. Feature i (from 0) is
/// multiplied with (d + 1)·√(2/3) / √((i + 1)(i + 2)) and then added to or taken from whole
/// coordinates, and vertices repeat every d + 1 in each of them (Adams, Baek & Davis 2010, §3.1):
/// every √(3/2·(i + 1)(i + 2)) bandwidths, whatever d is.
package enum LatticeShift {
  /// The accurate lattice is 5/4 or 11/10 times finer; after this many periods all lattices repeat.
  private static let commonPeriods = 20.0

  /// The period of all lattices in feature `index`, which the cells of grids divide.
  package static func period(feature index: Int) -> Double {
    commonPeriods * (1.5 * Double((index + 1) * (index + 2))).squareRoot()
  }

  /// What takes the place of `position`, which is in bandwidths, in feature `index`: between 0 and
  /// the period of all lattices.
  package static func reduced(_ position: Double, feature index: Int) -> Double {
    let period = Self.period(feature: index)
    return position - period * (position / period).rounded(.down)
  }
}
