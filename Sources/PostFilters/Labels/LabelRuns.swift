import CKernels
import LatticeSupport
import Unaries

/// The runs of equal labels along the rows of a map, joined to components.
///
/// Two passes over bands of rows on several threads: each joins its runs by union-find, and then
/// bands are merged at their seams, two by two. A component is known by its first run, so that
/// nothing depends on bands or threads. He, Ren, Gao, Zhao, Yao & Chao, "The connected-component
/// labeling problem: a review of state-of-the-art algorithms", Pattern Recognition 70 (2017),
/// doi:10.1016/j.patcog.2017.04.018.
struct LabelRuns: @unchecked Sendable {
  let grid: GridShape
  /// Rows that are worked on together.
  let bands: [Range<Int>]
  let neighbours: RowNeighbours
  /// How many runs there are.
  let count: Int
  /// For each run, the first run of its component.
  let firstOf: UnsafeMutablePointer<UInt32>
  /// By first runs: the points of the component; 0 for void.
  let sizes: UnsafeMutablePointer<UInt32>
  private let starts: AlignedBuffer<UInt64>
  private let members: AlignedBuffer<UInt64>?
  private let firsts: AlignedBuffer<UInt32>
  /// What `firstOf` and `sizes` point to.
  private let owned: [AlignedBuffer<UInt32>]

  /// The components of equal labels; or, with `member`, those of all points of other labels.
  ///
  /// - Parameters:
  ///   - labels: those of `grid`.
  ///   - grid: the points.
  ///   - connectivity: which of them touch.
  ///   - void: the label of points that do not count; `nil` where all do.
  ///   - member: the label around which components lie; `nil` for all labels.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where the grid has too many points, or no such neighbours.
  /// - Complexity: O(N·α(N)).
  init(
    of labels: UnsafePointer<UInt16>, on grid: GridShape, _ connectivity: Connectivity,
    ignoring void: UInt16?, around member: UInt16? = nil, parallelism: Parallelism
  ) throws {
    let order = try connectivity.order(on: grid)
    guard grid.count <= Int32.max else {
      throw InputError(
        .data, "there are \(grid.count) labels, but components are of at most \(Int32.max)",
        remedy: "cut the image")
    }
    let (width, rows) = (grid.width, grid.count / grid.width)
    let words = (width + 63) / 64
    self.grid = grid
    neighbours = RowNeighbours(on: grid, order: order)
    bands = Self.bands(of: grid)
    let bands = bands
    starts = AlignedBuffer(uninitialized: rows * words)
    members = member.map { _ in AlignedBuffer(uninitialized: rows * words) }
    firsts = AlignedBuffer(uninitialized: rows + 1)
    let (starts, firsts, members) = (starts.base, firsts.base, members?.base)
    let parallelism = parallelism.suited(to: grid.count / 8)
    parallelism.forEach(bands.count) { index in
      let (first, count) = (bands[index].lowerBound, bands[index].count)
      let (given, begins) = (labels + first * width, starts + first * words)
      if let members, let member {
        ck_member_starts(
          given, count, width, member, members + first * words, begins, firsts + first + 1)
      } else {
        ck_run_starts(given, count, width, begins, firsts + first + 1)
      }
    }
    firsts[0] = 0
    for row in 0..<rows { firsts[row + 1] += firsts[row] }
    let count = Int(firsts[rows])
    self.count = count
    owned = (0..<2).map { _ in AlignedBuffer(uninitialized: count) }
    (firstOf, sizes) = (owned[0].base, owned[1].base)
    join(labels, ignoring: void, parallelism: parallelism)
  }

  private func join(
    _ labels: UnsafePointer<UInt16>, ignoring void: UInt16?, parallelism: Parallelism
  ) {
    withRuns(of: labels) { runs in
      nonisolated(unsafe) let runs = runs
      parallelism.forEach(bands.count) { index in
        let rows = bands[index]
        ck_part_runs(runs, rows.lowerBound, rows.upperBound)
        neighbours.forEachList(rows, among: rows) { row, list, count, present in
          ck_link_rows(runs, row, list, count, present)
        }
        ck_settle_rows(runs, rows.lowerBound, rows.upperBound, void.map(Int32.init) ?? -1)
      }
      var span = 1
      while span < bands.count {
        parallelism.forEach((bands.count + 2 * span - 1) / (2 * span)) { pair in
          merge(2 * span * pair, span: span, runs)
        }
        span *= 2
      }
      parallelism.forEach(bands.count) { index in
        let runsOfBand = self.runs(of: bands[index])
        ck_resolve_runs(runs, runsOfBand.lowerBound, runsOfBand.upperBound)
      }
    }
  }

  /// Joins what touches between the `span` bands from `first` on and the next as many.
  private func merge(_ first: Int, span: Int, _ runs: UnsafePointer<ck_runs>) {
    guard first + span < bands.count else { return }
    let begin = bands[first].lowerBound
    let seam = bands[first + span].lowerBound
    let end = bands[min(first + 2 * span, bands.count) - 1].upperBound
    let rows = seam..<min(end, seam + neighbours.farthest)
    neighbours.forEachList(rows, among: begin..<seam) { row, list, count, present in
      ck_join_rows(runs, row, list, count, present)
    }
  }

  /// Bands of whole slices where there are enough of them: only what lies on either side of a seam
  /// is joined by fewer threads than there are.
  private static func bands(of grid: GridShape) -> [Range<Int>] {
    let rows = grid.count / grid.width
    let slice = grid.rank > 2 ? grid.height : 1
    let most = grid.rank > 2 ? min(32, max(1, rows / slice)) : 256
    let count = max(1, min(most, rows, grid.count / (1 << 16)))
    let slices = rows / slice
    return (0..<count).map { index in
      index * slices / count * slice..<(index + 1) * slices / count * slice
    }
  }

  /// Whether a run begins at a point.
  func startsRun(row: Int, column: Int) -> Bool {
    let word = starts.base[row * ((grid.width + 63) / 64) + column / 64]
    return word >> UInt64(column % 64) & 1 > 0
  }

  /// Those of some rows.
  func runs(of rows: Range<Int>) -> Range<Int> {
    Int(firsts.base[rows.lowerBound])..<Int(firsts.base[rows.upperBound])
  }

  /// Calls `body` for bands of rows, on several threads.
  func forEachBand(_ parallelism: Parallelism, _ body: (Range<Int>) -> Void) {
    parallelism.suited(to: grid.count / 8).forEach(bands.count) { body(bands[$0]) }
  }

  /// Calls `body` with what the kernels take; `labels` are those that the runs were made of.
  func withRuns<Result>(
    of labels: UnsafePointer<UInt16>, _ body: (UnsafePointer<ck_runs>) throws -> Result
  ) rethrows -> Result {
    let runs = ck_runs(
      labels: labels, members: members.map { UnsafePointer($0.base) }, starts: starts.base,
      first: firsts.base, width: grid.width, parents: firstOf, sizes: sizes)
    return try withUnsafePointer(to: runs) { try body($0) }
  }
}

extension LabelMap {
  /// What `body` makes of the runs of equal labels; the map itself where it has no points.
  ///
  /// - Parameters:
  ///   - connectivity: which points touch.
  ///   - void: the label of points that belong to no component; `nil` for none.
  ///   - parallelism: the threads to use.
  ///   - body: is given the labels, which live as long as it runs, and their runs.
  func rebuilt(
    from connectivity: Connectivity, ignoring void: UInt16?, parallelism: Parallelism,
    _ body: (UnsafePointer<UInt16>, LabelRuns) throws -> LabelMap
  ) throws -> LabelMap {
    try labels.withUnsafeBufferPointer { given in
      guard let given = given.baseAddress else { return self }
      return try body(
        given,
        LabelRuns(of: given, on: grid, connectivity, ignoring: void, parallelism: parallelism))
    }
  }
}
