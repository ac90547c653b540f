import CKernels
import LatticeSupport
import Unaries

/// What takes the place of components that leave.
public enum Replacement: String, Sendable, CaseIterable {
  /// The void label.
  case void
  /// The label of the largest component beside it that stays; of equals, that which is met first.
  ///
  /// Those that touch none that stays take the label of the largest beside them that got one, round
  /// by round. What touches nothing but void, or only such components, stays as it is.
  case neighbour
  /// At each point the likeliest label of all others.
  case likeliest

  /// Why there must be marginals, as `LabelFilter.needsMarginals` has it.
  var needsMarginals: String? {
    self == .likeliest ? "gives pixels their likeliest other label" : nil
  }
}

extension Replacement {
  /// The setting that a kind reads with `init(_:)`.
  static let setting = Setting(
    "replace", .choice(allCases.map(\.rawValue)),
    "what takes their place: void, the largest neighbour's label, or each pixel's likeliest other",
    default: .choice("void"))

  /// That of a kind's settings.
  init(_ settings: Settings) {
    self = settings.text("replace").flatMap(Replacement.init(rawValue:)) ?? .void
  }
}

/// Components of which some are to leave the map.
struct JudgedComponents: @unchecked Sendable {
  let runs: LabelRuns
  /// The label of each run.
  let labels: UnsafeMutablePointer<UInt16>
  /// By first runs: what becomes of the component.
  let states: UnsafeMutablePointer<UInt8>
  /// What `labels` and `states` point to.
  private let owned: (AlignedBuffer<UInt16>, AlignedBuffer<UInt8>)
  private let given: UnsafePointer<UInt16>

  static let stays = UInt8(CK_STAYS)
  static let leaves = UInt8(CK_LEAVES)

  /// - Parameters:
  ///   - runs: components.
  ///   - given: the labels that they were made of; must live as long as this.
  ///   - minimum: for each label 0…65535, the points below which a component leaves.
  ///   - parallelism: the threads to use.
  init(
    _ runs: LabelRuns, of given: UnsafePointer<UInt16>, minimum: [UInt32], parallelism: Parallelism
  ) {
    self.runs = runs
    self.given = given
    owned = (AlignedBuffer(uninitialized: runs.count), AlignedBuffer(uninitialized: runs.count))
    (labels, states) = (owned.0.base, owned.1.base)
    nonisolated(unsafe) let (labels, states) = (labels, states)
    minimum.withUnsafeBufferPointer { minimum in
      nonisolated(unsafe) let minimum = minimum.baseAddress!
      runs.withRuns(of: given) { known in
        nonisolated(unsafe) let known = known
        runs.forEachBand(parallelism) { rows in
          ck_judge_rows(known, rows.lowerBound, rows.upperBound, minimum, labels, states)
        }
      }
    }
  }

  /// The map where components that leave have the label of a neighbour.
  func joinedToNeighbours(parallelism: Parallelism) -> LabelMap {
    let targets = NeighbourSearch(
      self, of: given, staying: true, parallelism: parallelism
    ).targets()
    return painted(parallelism: parallelism) { rows in
      for run in runs.runs(of: rows) where states[run] == Self.leaves {
        let target = targets.base[run]
        if target < .max { labels[run] = labels[Int(target)] }
      }
    }
  }

  /// The map where points of components that leave have their likeliest other labels.
  func withLikeliest(of marginals: Marginals?, parallelism: Parallelism) -> LabelMap {
    guard let marginals else { preconditionFailure("the likeliest labels without marginals") }
    var result = [UInt16](UnsafeBufferPointer(start: given, count: runs.grid.count))
    result.withUnsafeMutableBufferPointer { result in
      nonisolated(unsafe) let result = result
      runs.forEachBand(parallelism) { rows in
        forEachLeavingPoint(rows) { point in
          result[point] = Self.likeliest(of: marginals, at: point, but: given[point])
        }
      }
    }
    return LabelMap(unchecked: result, grid: runs.grid)
  }

  /// The map with the label that each component's first run has, once `change` has been called for
  /// all bands.
  ///
  /// - Parameter change: may change the labels of first runs that leave, in the rows that it is
  ///   given, to those of components that stay.
  func painted(parallelism: Parallelism, _ change: (Range<Int>) -> Void) -> LabelMap {
    runs.forEachBand(parallelism, change)
    let result = [UInt16](count: runs.grid.count) { output in
      nonisolated(unsafe) let output = output
      runs.withRuns(of: given) { known in
        nonisolated(unsafe) let (known, labels) = (known, labels)
        runs.forEachBand(parallelism) { rows in
          ck_paint_rows(known, rows.lowerBound, rows.upperBound, labels, output)
        }
      }
    }
    return LabelMap(unchecked: result, grid: runs.grid)
  }

  private func forEachLeavingPoint(_ rows: Range<Int>, _ body: (Int) -> Void) {
    let width = runs.grid.width
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 2 * width) { columns in
      runs.withRuns(of: given) { known in
        for row in rows {
          let count = ck_leaving_runs(known, row, states, columns.baseAddress)
          for index in 0..<count {
            for column in columns[2 * index]..<columns[2 * index + 1] {
              body(row * width + Int(column))
            }
          }
        }
      }
    }
  }

  /// The most probable label but `own`, the lowest of equals; `own` where there is no other.
  private static func likeliest(
    of marginals: Marginals, at point: Int, but own: UInt16
  ) -> UInt16 {
    let row = marginals.values.base + point * marginals.values.stride
    var (best, most) = (Int(own), -Float.infinity)
    for label in 0..<marginals.values.channels where label != Int(own) && row[label] > most {
      (best, most) = (label, row[label])
    }
    return UInt16(best)
  }
}

extension LabelRuns {
  /// The map without components of fewer points than a minimum: they become void.
  ///
  /// - Parameters:
  ///   - minimum: for each label 0…65535.
  ///   - void: what takes their place.
  ///   - given: the labels that the runs were made of.
  ///   - parallelism: the threads to use.
  /// - Complexity: O(N).
  func erased(
    below minimum: [UInt32], void: UInt16, of given: UnsafePointer<UInt16>,
    parallelism: Parallelism
  ) -> LabelMap {
    let result = [UInt16](count: grid.count) { output in
      nonisolated(unsafe) let output = output
      minimum.withUnsafeBufferPointer { minimum in
        nonisolated(unsafe) let minimum = minimum.baseAddress!
        withRuns(of: given) { known in
          nonisolated(unsafe) let known = known
          forEachBand(parallelism) { rows in
            ck_erase_rows(known, rows.lowerBound, rows.upperBound, minimum, void, output)
          }
        }
      }
    }
    return LabelMap(unchecked: result, grid: grid)
  }
}
