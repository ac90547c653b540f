import CKernels
import LatticeSupport
import Unaries

/// Of each label the largest components stay; all others leave the map.
///
/// Of components of equal size, the one whose first point comes first is the larger. Points without
/// a label belong to none, and stay as they are.
public struct LargestComponents: LabelFilter {
  /// How many components of each label stay; at least 1.
  public let count: Int
  /// Which points touch.
  public let connectivity: Connectivity
  /// The labels whose components may leave; `nil` for all.
  public let classes: LabelNumbers?
  /// What takes the place of those that leave.
  public let replacement: Replacement
  /// The label of points that have none.
  public let void: UInt16
  /// Everything that may leave does, and the largest are called back.
  private let minimum: [UInt32]

  /// - Parameters:
  ///   - count: how many components of each label stay; at least 1.
  ///   - connectivity: which points touch.
  ///   - classes: the labels whose components may leave; `nil` for all.
  ///   - replacement: what takes the place of those that leave.
  ///   - void: the label of points that have none.
  public init(
    _ count: Int = 1, connectivity: Connectivity = .sides, of classes: LabelNumbers? = nil,
    replacing replacement: Replacement = .void, void: UInt16 = Palette.voidLabel
  ) {
    precondition(count >= 1, "\(count) components of each label")
    self.count = count
    self.connectivity = connectivity
    self.classes = classes
    self.replacement = replacement
    self.void = void
    var minimum = [UInt32](repeating: classes == nil ? .max : 0, count: Int(UInt16.max) + 1)
    for label in classes?.labels ?? [] { minimum[Int(label)] = .max }
    self.minimum = minimum
  }

  /// What descriptions call it.
  public var name: String {
    "largest:count=\(count)\(connectivity.text)\(classes.map { ",classes=\($0)" } ?? ""),"
      + "replace=\(replacement.rawValue)"
  }
  /// Only to know likeliest labels.
  public var needsMarginals: String? { replacement.needsMarginals }

  /// Sizes depend on all points.
  public var reach: Reach { .everywhere }
  /// Void, which is part of nothing.
  public var leftOutLabel: UInt16? { void }

  /// - Throws: `InputError` where the connectivity is one of another number of axes, or there are
  ///   2³¹ points or more.
  /// - Complexity: O(N), and O(`count`) for each component that is among the largest so far.
  public func filter(
    _ labels: LabelMap, _ marginals: Marginals?, over scene: Scene, parallelism: Parallelism
  ) throws -> LabelMap {
    try labels.rebuilt(from: connectivity, ignoring: void, parallelism: parallelism) {
      given, runs in
      let largest = largest(of: runs, given, parallelism)
      func judged() -> JudgedComponents {
        let judged = JudgedComponents(
          runs, of: given, minimum: minimum, parallelism: parallelism)
        for first in largest { judged.states[first] = JudgedComponents.stays }
        return judged
      }
      switch replacement {
      case .void:
        // No component is as large as that.
        for first in largest { runs.sizes[first] = .max }
        return runs.erased(below: minimum, void: void, of: given, parallelism: parallelism)
      case .neighbour: return judged().joinedToNeighbours(parallelism: parallelism)
      case .likeliest: return judged().withLikeliest(of: marginals, parallelism: parallelism)
      }
    }
  }

  /// The first runs of the largest components of each label.
  private func largest(
    of runs: LabelRuns, _ given: UnsafePointer<UInt16>, _ parallelism: Parallelism
  ) -> [Int] {
    let bands = runs.bands
    // A few pieces, since each has a table of all labels.
    let pieces = min(bands.count, 8)
    let found = runs.withRuns(of: given) { known in
      nonisolated(unsafe) let known = known
      return parallelism.map(pieces) { piece in
        let first = bands[piece * bands.count / pieces].lowerBound
        let last = bands[(piece + 1) * bands.count / pieces - 1].upperBound
        return ranked(known, first..<last)
      }
    }
    var all: [UInt16: [Ranked]] = [:]
    for (label, list) in found.joined() {
      for component in list { all[label, default: []].enter(component, most: count) }
    }
    return all.values.flatMap { $0.map(\.first) }
  }

  /// The largest components of each label whose first runs lie in some rows.
  private func ranked(
    _ runs: UnsafePointer<ck_runs>, _ rows: Range<Int>
  ) -> [UInt16: [Ranked]] {
    var ranked: [UInt16: [Ranked]] = [:]
    // What a component must exceed; labels that are not asked for never do.
    var least = minimum.map { $0 == 0 ? UInt32.max : 0 }
    let width = runs.pointee.width
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: width) { firsts in
      withUnsafeTemporaryAllocation(of: UInt16.self, capacity: width) { labels in
        for row in rows {
          let found = ck_larger_components(
            runs, row, &least, firsts.baseAddress, labels.baseAddress)
          for index in 0..<found {
            let (first, label) = (Int(firsts[index]), labels[index])
            let size = runs.pointee.sizes[first]
            guard size > least[Int(label)] else { continue }
            ranked[label, default: []].enter(Ranked(size: Int(size), first: first), most: count)
            if let list = ranked[label], list.count == count {
              least[Int(label)] = UInt32(list[count - 1].size)
            }
          }
        }
      }
    }
    return ranked
  }
}

/// A component of a list, the largest first; of equals the one that came first.
private struct Ranked {
  var size: Int
  var first: Int
}

extension [Ranked] {
  /// Takes a component in that comes after all others; at most `most` stay.
  fileprivate mutating func enter(_ component: Ranked, most: Int) {
    let place = firstIndex { $0.size < component.size } ?? count
    guard place < most else { return }
    insert(component, at: place)
    if count > most { removeLast() }
  }
}

extension LabelFilterKind {
  /// Of each label the largest components stay.
  public static let largest = LabelFilterKind(
    name: "largest", summary: "of each label the largest components stay",
    settings: [
      Setting(
        "count", .count(1...65535), "how many components of each label stay", default: .count(1)),
      Connectivity.setting,
      Setting(
        "classes", .labels, "the labels whose components may leave; else all", default: nil),
      Replacement.setting, VoidSetting.setting,
    ], example: "largest:count=1,classes=1+2"
  ) { settings, _ in
    LargestComponents(
      settings.count("count") ?? 1, connectivity: try Connectivity(settings),
      of: settings.labelNumbers("classes"), replacing: Replacement(settings),
      void: VoidSetting.label(settings))
  }
}
