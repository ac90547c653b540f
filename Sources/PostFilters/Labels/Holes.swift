import CKernels
import LatticeSupport
import Unaries

/// Holes in the areas of labels are filled: whatever a label encloses takes it.
///
/// A hole is a component of points of other labels, void among them, that does not touch the
/// border. Labels are filled in turn, each on the result of the one before.
public struct Holes: LabelFilter {
  /// The labels whose holes are filled, in this order; `nil` for all that occur but void, from the
  /// lowest on.
  public let classes: LabelNumbers?
  /// The most points that a hole to be filled has; `nil` for any number.
  public let most: Int?
  /// Which points of a hole touch.
  public let connectivity: Connectivity
  /// Whether components that touch the border are holes, too.
  public let fillsOpen: Bool
  /// The label that nothing is filled with, unless it is among the classes.
  public let void: UInt16

  /// - Parameters:
  ///   - classes: the labels whose holes are filled, in this order; `nil` for all that occur but
  ///     void.
  ///   - most: the most points that a hole to be filled has; `nil` for any number.
  ///   - connectivity: which points of a hole touch.
  ///   - fillsOpen: whether components that touch the border are holes, too; of at most `most`
  ///     points, which must be given then.
  ///   - void: the label that nothing is filled with.
  public init(
    of classes: LabelNumbers? = nil, upTo most: Int? = nil, connectivity: Connectivity = .sides,
    fillsOpen: Bool = false, void: UInt16 = Palette.voidLabel
  ) {
    precondition(
      most.map { $0 >= 1 } ?? !fillsOpen, "holes of \(most.map(String.init) ?? "any") points")
    self.classes = classes
    self.most = most
    self.connectivity = connectivity
    self.fillsOpen = fillsOpen
    self.void = void
  }

  /// What descriptions call it.
  public var name: String {
    "holes" + (most.map { ":maximum=\($0)" } ?? ":maximum=all")
      + "\(connectivity.text)\(classes.map { ",classes=\($0)" } ?? "")"
      + (fillsOpen ? ",open=yes" : "")
  }

  /// The most points of a hole, once for each class: holes of any size, and of classes that only
  /// the labels tell, have no bound.
  public var reach: Reach {
    guard let most, let classes else { return .everywhere }
    let (steps, overflow) = most.multipliedReportingOverflow(by: classes.labels.count)
    return overflow ? .everywhere : .steps(steps)
  }
  /// Holes at points that are left out are open, as those at the border are.
  public var leftOutLabel: UInt16? { void }

  /// - Throws: `InputError` where the connectivity is one of another number of axes, or there are
  ///   2³¹ points or more.
  /// - Complexity: O(N) a class.
  public func filter(
    _ labels: LabelMap, _ marginals: Marginals?, over scene: Scene, parallelism: Parallelism
  ) throws -> LabelMap {
    let filled = (classes?.labels ?? labels.occurring(parallelism: parallelism)).filter {
      classes != nil || $0 != void
    }
    guard !filled.isEmpty else { return labels }
    let result = try [UInt16](count: labels.labels.count) { output in
      nonisolated(unsafe) let output = output
      labels.labels.withUnsafeBufferPointer { given in
        parallelism.forEachChunk(of: given.count, grain: LabelMap.piece) { points in
          (output + points.lowerBound).update(
            from: given.baseAddress! + points.lowerBound, count: points.count)
        }
      }
      for label in filled {
        try fill(label, output, over: scene, parallelism: parallelism)
      }
    }
    return LabelMap(unchecked: result, grid: labels.grid)
  }

  private func fill(
    _ label: UInt16, _ labels: UnsafeMutablePointer<UInt16>, over scene: Scene,
    parallelism: Parallelism
  ) throws {
    if fillsOpen, let mask = scene.mask {
      // They are not part of what is filled.
      for point in mask.isCounted.indices where !mask.isCounted[point] { labels[point] = label }
    }
    let runs = try LabelRuns(
      of: labels, on: scene.grid, connectivity, ignoring: nil, around: label,
      parallelism: parallelism)
    // Sizes are below UInt32.max.
    func keepOpen(_ run: Int) { runs.sizes[Int(runs.firstOf[run])] = .max }
    if !fillsOpen {
      runs.forEachRunAtBorder(keepOpen)
      if let mask = scene.mask { runs.forEachRun(leftOutBy: mask, keepOpen) }
    }
    nonisolated(unsafe) let labels = labels
    runs.withRuns(of: labels) { known in
      nonisolated(unsafe) let known = known
      runs.forEachBand(parallelism) { rows in
        ck_fill_rows(
          known, rows.lowerBound, rows.upperBound,
          UInt32(clamping: min(most ?? .max, Int(UInt32.max) - 1)),
          label, labels)
      }
    }
  }
}

extension LabelRuns {
  /// Calls `body` for each run with points at the border of the grid, once or twice.
  fileprivate func forEachRunAtBorder(_ body: (Int) -> Void) {
    let rows = grid.count / grid.width
    for row in 0..<rows {
      let runs = runs(of: row..<row + 1)
      var rest = row
      var isAtBorder = false
      for extent in grid.extents.dropLast().reversed() {
        let (quotient, place) = rest.quotientAndRemainder(dividingBy: extent)
        isAtBorder = isAtBorder || place == 0 || place == extent - 1
        rest = quotient
      }
      if isAtBorder {
        for run in runs { body(run) }
      } else {
        body(runs.lowerBound)
        body(runs.upperBound - 1)
      }
    }
  }
}

extension LabelRuns {
  /// Calls `body` for the run of each point that a mask of the same grid leaves out. O(N).
  fileprivate func forEachRun(leftOutBy mask: PointMask, _ body: (Int) -> Void) {
    for row in 0..<grid.count / grid.width {
      var run = runs(of: row..<row + 1).lowerBound - 1
      for column in 0..<grid.width {
        if startsRun(row: row, column: column) { run += 1 }
        if !mask.isCounted[row * grid.width + column] { body(run) }
      }
    }
  }
}

extension LabelMap {
  /// The labels that occur, from the lowest on. O(N).
  func occurring(parallelism: Parallelism) -> [UInt16] {
    let pieces = (labels.count + Self.piece - 1) / Self.piece
    let found = labels.withUnsafeBufferPointer { labels in
      nonisolated(unsafe) let labels = labels
      return parallelism.map(pieces) { piece in
        let points = piece * Self.piece..<min(labels.count, (piece + 1) * Self.piece)
        var occurs = [Bool](repeating: false, count: Int(UInt16.max) + 1)
        for point in points { occurs[Int(labels[point])] = true }
        return occurs
      }
    }
    return (0...UInt16.max).filter { label in found.contains { $0[Int(label)] } }
  }

  fileprivate static let piece = 1 << 20
}

extension LabelFilterKind {
  /// Holes in the areas of labels are filled.
  public static let holes = LabelFilterKind(
    name: "holes", summary: "what a label encloses takes it",
    settings: [
      Setting(
        "classes", .labels, "the labels whose holes are filled, one after another; else all",
        default: nil),
      Setting(
        "maximum", .count(1...Int(Int32.max)),
        "how many pixels a hole has at most; else any number", default: nil),
      Connectivity.setting,
      Setting(
        "open", .flag, "whether notches at the border are holes, too; needs a maximum",
        default: .flag(false)),
      Setting(
        "void", .count(0...65535), "the label that nothing is filled with, unless it is a class",
        default: .count(Int(Palette.voidLabel))),
    ], example: "holes:maximum=64"
  ) { settings, _ in
    let most = settings.count("maximum")
    guard most != nil || !settings.flag("open") else {
      throw InputError(
        .usage, "'open' is yes without a 'maximum', which fills all there is",
        remedy: "say up to how many pixels holes are filled, as in maximum=64")
    }
    return Holes(
      of: settings.labelNumbers("classes"), upTo: most, connectivity: try Connectivity(settings),
      fillsOpen: settings.flag("open"), void: VoidSetting.label(settings))
  }
}
