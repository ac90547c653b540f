import LatticeSupport
import Unaries

/// What is odd about which labels occur in the truth of a whole data set: figures over it, and what
/// is learnt from it, say less than they seem to.
public enum TruthOddity: Sendable, Equatable {
  /// All pixels are void.
  case nothingCounts(void: UInt16)
  /// One class alone occurs; beside void, where some pixels are that.
  case singleClass(UInt16, besides: UInt16?)
  /// Classes without a single pixel, though several others occur.
  case absent([UInt16])

  /// `nil` where there is nothing odd.
  ///
  /// - Parameters:
  ///   - occurring: all labels that occur.
  ///   - void: the label of pixels that do not count.
  ///   - classes: how many classes there are; `nil` where that is not known.
  public init?(occurring: Set<UInt16>, ignoring void: UInt16, classes: Int?) {
    let counted = occurring.subtracting([void])
    // A label that is not a class is an error of its own.
    guard classes != 1, counted.allSatisfy({ $0 < classes ?? .max }) else { return nil }
    if counted.isEmpty {
      guard occurring.contains(void) else { return nil }
      self = .nothingCounts(void: void)
    } else if counted.count == 1, let only = counted.first {
      self = .singleClass(only, besides: occurring.contains(void) ? void : nil)
    } else {
      let absent = (0..<(classes ?? 0)).map { UInt16($0) }.filter {
        $0 != void && !counted.contains($0)
      }
      guard !absent.isEmpty else { return nil }
      self = .absent(absent)
    }
  }

  /// What was found, in words that follow the place where the labels lie.
  ///
  /// - Parameter names: of classes; those that are missing have numbers only.
  public func problem(naming names: [String] = []) -> String {
    func text(_ label: UInt16) -> String {
      let name = label < names.count ? names[Int(label)] : ""
      return name.isEmpty ? "\(label)" : "\(label) (\(name))"
    }
    switch self {
    case .nothingCounts(let void): return "no pixel counts: all labels are \(void)"
    case .singleClass(let label, nil): return "no label but \(text(label)) occurs"
    case .singleClass(let label, let void?):
      return "no label but \(text(label)) occurs, beside \(void), which does not count"
    case .absent(let labels):
      let shown = 8
      let list = labels.prefix(shown).map(text).joined(separator: ", ")
      let rest = labels.count > shown ? ", and \(labels.count - shown) more" : ""
      return "not a single pixel has the label \(list)\(rest)"
    }
  }

  /// What to do about it.
  public var remedy: Remedy {
    switch self {
    case .nothingCounts(let void), .singleClass(0, let void?):
      """
      if \(void) stands for the foreground, as in masks of 0 and 255, add \
      \(set: .labelMapping("\(void):1")); if not, choose photographs whose pixels are labelled
      """
    case .singleClass:
      "check that the labels are those that are meant, and choose photographs that show more"
    case .absent: "check the list of classes, or choose photographs that show them"
    }
  }

  /// Warns of it.
  ///
  /// - Parameters:
  ///   - place: where the labels lie.
  ///   - names: of classes.
  public func report(at place: String, naming names: [String] = []) {
    InputWarning(at: place, problem(naming: names), remedy: remedy).report()
  }

  /// The same as an error, where work would be for nothing.
  public func error(at place: String, naming names: [String] = []) -> InputError {
    InputError(.data, at: place, problem(naming: names), remedy: remedy)
  }
}

extension TruthOddity {
  /// Looks at label maps until enough classes have been seen, at all of them if need be.
  ///
  /// Maps that cannot be read are passed over: reading them later gives the error.
  /// - Parameters:
  ///   - count: how many there are.
  ///   - enough: so many classes make it sure that nothing is odd.
  ///   - void: the label of pixels that do not count.
  ///   - classes: how many classes there are; `nil` where that is not known.
  ///   - parallelism: how many threads may read.
  ///   - labels: reads map `index`.
  /// - Complexity: O(pixels looked at); a few maps are held at a time.
  package init?(
    ofMaps count: Int, until enough: Int, ignoring void: UInt16, classes: Int?,
    parallelism: Parallelism, labels: @Sendable (_ index: Int) throws -> LabelMap
  ) {
    let blockSize = 16
    var seen: Set<UInt16> = []
    for start in stride(from: 0, to: count, by: blockSize) {
      let block = start..<min(count, start + blockSize)
      seen = parallelism.map(block.count) { index -> Set<UInt16> in
        guard let map = try? labels(block.lowerBound + index) else { return [] }
        return Self.distinct(map)
      }.reduce(seen) { $0.union($1) }
      if seen.subtracting([void]).count >= enough { return nil }
    }
    self.init(occurring: seen, ignoring: void, classes: classes)
  }

  private static func distinct(_ map: LabelMap) -> Set<UInt16> {
    var labels: Set<UInt16> = []
    // Neighbours mostly have the same label, which saves looking it up.
    var last: UInt16?
    for label in map.labels where label != last {
      labels.insert(label)
      last = label
    }
    return labels
  }
}

extension Dataset {
  /// What is odd about the labels of all photographs; `nil` where every class occurs. Labels are
  /// read until that is sure.
  ///
  /// - Parameters:
  ///   - classes: how many classes there are.
  ///   - void: the label of pixels that do not count.
  ///   - parallelism: how many threads may read.
  public func truthOddity(
    classes: Int, ignoring void: UInt16, parallelism: Parallelism = .automatic
  ) -> TruthOddity? {
    TruthOddity(
      ofMaps: count, until: classes, ignoring: void, classes: classes, parallelism: parallelism,
      labels: labels)
  }
}
