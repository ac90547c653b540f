import CKernels
import Lattice
import LatticeSupport

/// The order in which a sweep visits the points of one segment.
struct SweepOrder: Sendable {
  /// Where each run of points begins and ends, counted from the segment's first point.
  let runs: [UInt32]
  /// For each filter, whether its vertices are in the order of the points, not in this.
  let isByPoint: [Bool]
  /// For each filter, the rows that are reached before each block of points: `ck_sweep_reach`.
  let reach: [AlignedBuffer<UInt32>]

  var runCount: Int { runs.count / 2 }

  /// The order of those of the filters that have one; `nil` where two of them have different ones,
  /// or segments of different points.
  ///
  /// - Complexity: O(N·corners).
  init?(of filters: [any FactoredFilter], segment index: Int) {
    let matrices = filters.map(\.splatMatrix)
    let segments = matrices.compactMap {
      $0.segments.indices.contains(index) ? $0.segments[index] : nil
    }
    guard segments.count == filters.count, let points = segments.first?.points,
      segments.allSatisfy({ $0.points == points })
    else { return nil }
    let orders = segments.map(\.visits).filter { $0 != [points] }
    let visits = orders.first ?? [points]
    guard orders.allSatisfy({ $0 == visits }) else { return nil }
    let runs = visits.flatMap { visit in
      [visit.lowerBound, visit.upperBound].map { UInt32($0 - points.lowerBound) }
    }
    let isByPoint = segments.map { $0.visits != visits }
    self.runs = runs
    self.isByPoint = isByPoint
    reach = filters.indices.map { filter in
      let reach = AlignedBuffer<UInt32>(
        uninitialized: ck_sweep_reach_count(runs, visits.count))
      ck_sweep_reach(
        matrices[filter].vertices(of: segments[filter]), isByPoint[filter],
        Int32(matrices[filter].corners), runs,
        visits.count, UInt32(segments[filter].rows.count), reach.base)
      return reach
    }
  }
}
