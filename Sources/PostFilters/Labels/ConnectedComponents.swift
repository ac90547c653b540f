import CKernels
import LatticeSupport
import Unaries

/// The connected components of equal labels: how many there are, their sizes, and where they lie.
///
/// Components are numbered from 1 in the order of their first points (rows, then columns; slices,
/// rows, columns). Points without a label belong to none; their number is 0.
public struct ConnectedComponents: Sendable {
  /// The points.
  public let grid: GridShape
  /// How many points each component has; at 0, how many belong to none.
  public let sizes: [Int]
  /// The label of each component; at 0 the void label, or 0 where there is none.
  public let labels: [UInt16]
  private let map: LabelMap
  private let runs: LabelRuns
  /// By first runs: the number of the component.
  private let numbers: AlignedBuffer<UInt32>

  /// How many components there are.
  public var count: Int { sizes.count - 1 }

  /// - Parameters:
  ///   - map: the labels.
  ///   - connectivity: which points touch.
  ///   - void: the label of points that have none; `nil` where every number is a label.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where the connectivity is one of another number of axes, or there are
  ///   2³¹ points or more.
  /// - Complexity: O(N·α(N)), α the inverse of Ackermann's function, below 5.
  public init(
    of map: LabelMap, connectivity: Connectivity = .sides,
    ignoring void: UInt16? = Palette.voidLabel, parallelism: Parallelism = .automatic
  ) throws {
    let runs = try map.labels.withUnsafeBufferPointer { labels in
      try LabelRuns(
        of: labels.baseAddress!, on: map.grid, connectivity, ignoring: void,
        parallelism: parallelism)
    }
    let numbers = AlignedBuffer<UInt32>(uninitialized: runs.count)
    let (sizes, labels) = runs.list(of: map, into: numbers.base, void: void, parallelism)
    (grid, self.map, self.runs, self.numbers) = (map.grid, map, runs, numbers)
    (self.sizes, self.labels) = (sizes, labels)
  }

  /// The number of each point's component. O(N).
  public func numbers(parallelism: Parallelism = .automatic) -> [UInt32] {
    [UInt32](count: grid.count) { output in
      nonisolated(unsafe) let output = output
      map.labels.withUnsafeBufferPointer { labels in
        runs.withRuns(of: labels.baseAddress!) { known in
          nonisolated(unsafe) let known = known
          runs.forEachBand(parallelism) { rows in
            ck_number_rows(known, rows.lowerBound, rows.upperBound, numbers.base, output)
          }
        }
      }
    }
  }

  /// Where a component lies.
  public struct Extent: Sendable, Equatable {
    /// Along each axis, slowest first, the coordinates that its points have.
    public var box: [Range<Int>]
    /// The mean of its points' coordinates, slowest first.
    public var centroid: [Double]
  }

  /// Where the components 1…`count` lie; the first has index 0. O(N).
  public func extents() -> [Extent] {
    var boxes = [[Range<Int>]?](repeating: nil, count: sizes.count)
    var sums = [[Double]](
      repeating: [Double](repeating: 0, count: grid.rank), count: sizes.count)
    map.forEachRun(of: runs) { run, points in
      let number = Int(numbers.base[Int(runs.firstOf[run])])
      guard number > 0 else { return }
      var place = grid.coordinates(of: points.lowerBound).map { $0..<$0 + 1 }
      for axis in 0..<grid.rank - 1 {
        sums[number][axis] += Double(place[axis].lowerBound) * Double(points.count)
      }
      let columns = place[grid.rank - 1].lowerBound..<place[grid.rank - 1].lowerBound + points.count
      place[grid.rank - 1] = columns
      sums[number][grid.rank - 1] +=
        Double(columns.lowerBound + columns.upperBound - 1) / 2 * Double(points.count)
      boxes[number] =
        boxes[number].map { box in
          zip(box, place).map {
            min($0.lowerBound, $1.lowerBound)..<max($0.upperBound, $1.upperBound)
          }
        } ?? place
    }
    return (1..<sizes.count).map { number in
      Extent(
        box: boxes[number] ?? [], centroid: sums[number].map { $0 / Double(sizes[number]) })
    }
  }
}

extension LabelRuns {
  /// The sizes and labels of all components by their numbers, those of void first; writes the
  /// number of each first run.
  fileprivate func list(
    of map: LabelMap, into numbers: UnsafeMutablePointer<UInt32>, void: UInt16?,
    _ parallelism: Parallelism
  ) -> (sizes: [Int], labels: [UInt16]) {
    nonisolated(unsafe) let numbers = numbers
    return map.labels.withUnsafeBufferPointer { given in
      withRuns(of: given.baseAddress!) { known in
        nonisolated(unsafe) let known = known
        // First how many there are in each band, and then what they are.
        let counts = parallelism.map(bands.count) { band in
          let runs = runs(of: bands[band])
          return ck_count_components(known, runs.lowerBound, runs.upperBound)
        }
        let first = counts.reduce(into: [1]) { $0.append($0[$0.count - 1] + $1) }
        let total = first[bands.count]
        var sizes = [Int](repeating: 0, count: total)
        var labels = [UInt16](repeating: void ?? 0, count: total)
        sizes.withUnsafeMutableBufferPointer { sizes in
          labels.withUnsafeMutableBufferPointer { labels in
            nonisolated(unsafe) let (sizes, labels) = (sizes, labels)
            parallelism.forEach(bands.count) { band in
              ck_list_components(
                known, bands[band].lowerBound, bands[band].upperBound, first[band], counts[band],
                numbers, sizes.baseAddress, labels.baseAddress)
            }
          }
        }
        sizes[0] = map.grid.count - sizes.reduce(0, +)
        return (sizes, labels)
      }
    }
  }
}

extension LabelMap {
  /// Calls `body` for each run, in order, with its number and its points.
  fileprivate func forEachRun(of runs: LabelRuns, _ body: (Int, Range<Int>) -> Void) {
    let width = grid.width
    labels.withUnsafeBufferPointer { labels in
      var run = 0
      for row in stride(from: 0, to: labels.count, by: width) {
        var begin = row
        for point in row..<row + width
        where point + 1 == row + width || labels[point + 1] != labels[point] {
          body(run, begin..<point + 1)
          run += 1
          begin = point + 1
        }
      }
    }
  }
}
