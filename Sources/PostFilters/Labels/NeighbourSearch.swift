import CKernels
import LatticeSupport

/// For components that leave: the neighbours whose label they take.
struct NeighbourSearch: @unchecked Sendable {
  private let judged: JudgedComponents
  private let given: UnsafePointer<UInt16>
  private let firsts: AlignedBuffer<UInt32>
  private let weights: AlignedBuffer<UInt32>
  private let largestOf: AlignedBuffer<UInt64>
  private var largest: UnsafeMutablePointer<UInt64> { largestOf.base }
  private var runs: LabelRuns { judged.runs }

  /// - Parameters:
  ///   - judged: the components.
  ///   - given: the labels that they were made of; must live as long as this.
  ///   - staying: whether only components that stay count as neighbours.
  ///   - parallelism: the threads to use.
  /// - Complexity: O(N).
  init(
    _ judged: JudgedComponents, of given: UnsafePointer<UInt16>, staying: Bool,
    parallelism: Parallelism
  ) {
    self.judged = judged
    self.given = given
    let runs = judged.runs
    firsts = AlignedBuffer(uninitialized: runs.count)
    weights = AlignedBuffer(uninitialized: runs.count)
    largestOf = AlignedBuffer(uninitialized: runs.count)
    nonisolated(unsafe) let known = known
    runs.withRuns(of: given) { given in
      nonisolated(unsafe) let given = given
      runs.forEachBand(parallelism) { rows in
        let part = runs.runs(of: rows)
        withUnsafePointer(to: known) {
          ck_describe_runs(
            given, part.lowerBound, part.upperBound, judged.states, staying, $0)
        }
      }
    }
    meet(parallelism)
  }

  private var known: ck_largest_neighbours {
    ck_largest_neighbours(firsts: firsts.base, weights: weights.base, largest: largest)
  }

  /// Notes the largest neighbour of each component that leaves: in the upper and in the lower half
  /// by itself, and then of the two the larger, or the one that was met first.
  private func meet(_ parallelism: Parallelism) {
    let rows = runs.grid.count / runs.grid.width
    guard runs.bands.count >= Self.leastBands else { return meet(0..<rows, known) }
    let half = runs.bands[runs.bands.count / 2].lowerBound
    let lower = AlignedBuffer<UInt64>(zeros: runs.count)
    nonisolated(unsafe) var others = known
    others.largest = lower.base
    nonisolated(unsafe) let (known, largest) = (known, largest)
    _ = parallelism.both({ meet(0..<half, known) }, { meet(half..<rows, others) })
    runs.forEachBand(parallelism) { rows in
      for run in runs.runs(of: rows) where lower.base[run] >> 32 > largest[run] >> 32 {
        largest[run] = lower.base[run]
      }
    }
  }

  /// Below so many bands two halves are not worth their memory.
  private static let leastBands = 8

  /// Has the components of some rows meet each other and those of the rows before them.
  private func meet(_ rows: Range<Int>, _ known: ck_largest_neighbours) {
    let isDiagonal = runs.neighbours.areDiagonal.first ?? false
    runs.withRuns(of: given) { given in
      withUnsafePointer(to: known) { known in
        for row in rows {
          if runs.grid.rank == 2, row > 0 {
            ck_meet_rows(given, row, row - 1, isDiagonal, true, known)
            continue
          }
          runs.neighbours.forEach(row..<row + 1) { row, other, isDiagonal in
            ck_meet_rows(given, row, other, isDiagonal, false, known)
          }
          ck_meet_within(given, row, known)
        }
      }
    }
  }

  /// The largest neighbour of the component of `first`; `.max` where there is none.
  private func largestNeighbour(_ first: Int) -> UInt32 {
    largest[first] == 0 ? .max : UInt32(truncatingIfNeeded: largest[first])
  }

  /// By GDAL's rule: the largest neighbour, or where that leaves too, its largest neighbour, and so
  /// on; `.max` where that ends or runs in a circle.
  func chainedTargets() -> AlignedBuffer<UInt32> {
    let result = AlignedBuffer<UInt32>(repeating: .max, count: runs.count)
    let targets = result.base
    // Those that lead nowhere are told from those that have not been looked at by this.
    let known = AlignedBuffer<UInt8>(zeros: runs.count)
    let isKnown = known.base
    let states = judged.states
    func leaves(_ first: UInt32) -> Bool { states[Int(first)] == JudgedComponents.leaves }
    for run in 0..<UInt32(runs.count) where leaves(run) {
      var next = run
      while next != .max, leaves(next), isKnown[Int(next)] == 0 {
        isKnown[Int(next)] = 1
        next = largestNeighbour(Int(next))
      }
      // One that is on this way itself has no target yet, which is what a circle comes to.
      let target = next == .max || !leaves(next) ? next : targets[Int(next)]
      var passed = run
      while passed != next {
        targets[Int(passed)] = target
        passed = largestNeighbour(Int(passed))
      }
    }
    return withExtendedLifetime(known) { result }
  }

  /// By `Replacement.neighbour`: by first runs that leave, the component whose label they take;
  /// `.max` for none.
  ///
  /// - Complexity: O(N).
  func targets() -> AlignedBuffer<UInt32> {
    let targets = AlignedBuffer<UInt32>(uninitialized: runs.count)
    var areMissing = false
    for run in 0..<runs.count {
      let target = largestNeighbour(run)
      targets.base[run] = target
      areMissing =
        areMissing || (target == .max && judged.states[run] == JudgedComponents.leaves)
    }
    if areMissing { spread(targets.base) }
    return targets
  }

  /// Hands the targets of components that leave on to those beside them that have none.
  private func spread(_ targets: UnsafeMutablePointer<UInt32>) {
    let pairs = leavingPairs()
    // The neighbours of each component, in the order in which they are met.
    var starts = [Int](repeating: 0, count: runs.count + 1)
    for first in pairs { starts[Int(first) + 1] += 1 }
    for run in 0..<runs.count { starts[run + 1] += starts[run] }
    var places = starts
    var others = [UInt32](repeating: 0, count: pairs.count)
    for index in stride(from: 0, to: pairs.count, by: 2) {
      for (one, other) in [(pairs[index], pairs[index + 1]), (pairs[index + 1], pairs[index])] {
        others[places[Int(one)]] = other
        places[Int(one)] += 1
      }
    }
    // Rings around those that have a target; each component is put into one of them once.
    var isInRing = [Bool](repeating: false, count: runs.count)
    func enter(_ first: UInt32) -> Bool {
      defer { isInRing[Int(first)] = true }
      return !isInRing[Int(first)]
    }
    var ring = pairs.filter { targets[Int($0)] != .max && enter($0) }
    while !ring.isEmpty {
      var next: [UInt32] = []
      for first in ring {
        for other in others[starts[Int(first)]..<starts[Int(first) + 1]]
        where targets[Int(other)] == .max && enter(other) {
          next.append(other)
        }
      }
      // Targets of this ring do not count before all of it has one.
      let found = next.map { first -> UInt32 in
        let nearest = others[starts[Int(first)]..<starts[Int(first) + 1]]
          .filter { targets[Int($0)] != .max }
          .max { (runs.sizes[Int($0)], $1) < (runs.sizes[Int($1)], $0) }
        return nearest.map { targets[Int($0)] } ?? .max
      }
      for (first, target) in zip(next, found) { targets[Int(first)] = target }
      ring = next
    }
  }

  /// Pairs of components that leave and touch, of which one has no target.
  private func leavingPairs() -> [UInt32] {
    let known = known
    let width = runs.grid.width
    var pairs: [UInt32] = []
    runs.withRuns(of: given) { given in
      withUnsafePointer(to: known) { known in
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 8 * width) { buffer in
          func add(_ row: Int, _ other: Int, _ isDiagonal: Bool) {
            let count = ck_leaving_pairs(given, row, other, isDiagonal, known, buffer.baseAddress)
            pairs.append(contentsOf: buffer[..<(2 * count)])
          }
          let rows = 0..<runs.grid.count / width
          runs.neighbours.forEach(rows) { row, other, isDiagonal in add(row, other, isDiagonal) }
          for row in rows { add(row, row, false) }
        }
      }
    }
    return pairs
  }
}
