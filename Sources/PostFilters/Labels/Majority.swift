import CKernels
import LatticeSupport
import Unaries

/// Each point takes the label that occurs most among its neighbours.
///
/// The neighbourhood is the box of 2r + 1 points along every axis around a point, clipped at the
/// border. Where two labels are the most frequent ones, the point keeps its own. Points without a
/// label are not counted and stay as they are.
public struct Majority: LabelFilter {
  /// r, in steps of the grid; at least 1.
  public let radius: Int
  /// The label of points that have none.
  public let void: UInt16

  /// - Parameters:
  ///   - radius: at least 1.
  ///   - void: the label of points that have none.
  public init(radius: Int, ignoring void: UInt16 = Palette.voidLabel) {
    precondition(radius >= 1, "a radius of \(radius)")
    self.radius = radius
    self.void = void
  }

  /// What descriptions call it.
  public var name: String { "majority:radius=\(radius)" }
  /// How far it reaches.
  public var reach: Reach { .steps(radius) }
  /// Void, which is part of nothing.
  public var leftOutLabel: UInt16? { void }

  /// - Complexity: O(N·((2r + 1)^(rank − 2) + L)) for up to 64 labels, 2r + 1 being 1 for lines;
  ///   O(N·(2r + 1)^(rank − 1)) for more.
  public func filter(
    _ labels: LabelMap, _ marginals: Marginals?, over scene: Scene, parallelism: Parallelism
  ) throws -> LabelMap {
    let occurring = labels.occurring(parallelism: parallelism)
    let boxes = Boxes(labels.grid, radius: radius)
    let result = [UInt16](count: labels.labels.count) { output in
      let output = UnsafeMutableBufferPointer(start: output, count: labels.labels.count)
      if occurring.count <= Self.fewLabels {
        countFew(labels, occurring, boxes, into: output, parallelism: parallelism)
      } else {
        countMany(labels, boxes, into: output, parallelism: parallelism)
      }
    }
    return LabelMap(unchecked: result, grid: labels.grid)
  }

  /// So many labels have counts of their own in every column.
  private static let fewLabels = 64

  /// Counts by columns, which change by a line at a time.
  private func countFew(
    _ map: LabelMap, _ occurring: [UInt16], _ boxes: Boxes,
    into output: UnsafeMutableBufferPointer<UInt16>, parallelism: Parallelism
  ) {
    nonisolated(unsafe) let output = output
    let width = map.grid.width
    let lanes = occurring.count <= 8 ? 8 : occurring.count <= 16 ? 16 : 64
    let isWide = boxes.largest > Int(Int16.max)
    var table = [UInt8](repeating: 0, count: Int(UInt16.max) + 1)
    for (number, label) in occurring.enumerated() { table[Int(label)] = UInt8(number) }
    let ignored = occurring.firstIndex(of: void) ?? lanes
    let lineBytes = width * lanes * (isWide ? 4 : 2)
    // Each piece begins by counting all lines of its first box.
    let grain = max(1, min(boxes.lines, max(8 * radius, (1 << 16) / width)))
    let numbers = AlignedBuffer<UInt8>(uninitialized: map.labels.count)
    map.labels.withUnsafeBufferPointer { labels in
      table.withUnsafeBufferPointer { table in
        nonisolated(unsafe) let (labels, table, numbers) = (labels, table, numbers.base)
        parallelism.forEachChunk(of: labels.count, grain: 1 << 16) { points in
          for point in points { numbers[point] = table[Int(labels[point])] }
        }
      }
    }
    occurring.withUnsafeBufferPointer { labels in
      nonisolated(unsafe) let counting = ck_majority(
        lanes: lanes, wide: isWide, width: width, radius: radius, ignored: ignored,
        labels: labels.baseAddress)
      parallelism.forEachChunk(of: boxes.lines, grain: grain) { lines in
        let columns = AlignedBuffer<UInt8>(zeros: lineBytes)
        func count(_ lines: [Int], _ sign: Int32) {
          for line in lines {
            withUnsafePointer(to: counting) {
              ck_count_line($0, numbers.base + line * width, sign, columns.base)
            }
          }
        }
        for line in lines {
          if line > lines.lowerBound, let change = boxes.change(to: line) {
            count(change.entering, 1)
            count(change.leaving, -1)
          } else {
            columns.clear(0..<lineBytes)
            count(boxes.lines(around: line), 1)
          }
          withUnsafePointer(to: counting) {
            ck_majority_line(
              $0, numbers.base + line * width, columns.base, output.baseAddress! + line * width)
          }
        }
      }
    }
  }

  /// Counts by boxes, which change by a column at a time.
  private func countMany(
    _ map: LabelMap, _ boxes: Boxes, into output: UnsafeMutableBufferPointer<UInt16>,
    parallelism: Parallelism
  ) {
    nonisolated(unsafe) let output = output
    let width = map.grid.width
    map.labels.withUnsafeBufferPointer { labels in
      nonisolated(unsafe) let labels = labels
      parallelism.forEachChunk(of: boxes.lines, grain: max(1, (1 << 15) / width)) { lines in
        let counts = AlignedBuffer<UInt32>(zeros: Int(UInt16.max) + 1)
        let holders = AlignedBuffer<UInt32>(zeros: boxes.largest + 1)
        let sums = AlignedBuffer<UInt64>(zeros: boxes.largest + 1)
        var counting = ck_many_majority(
          counts: counts.base, holders: holders.base, sums: sums.base, width: width,
          radius: radius, ignored: Int32(void))
        for line in lines {
          let around = boxes.lines(around: line).map { $0 * width }
          ck_many_majority_line(
            &counting, labels.baseAddress, around, around.count, line * width,
            output.baseAddress! + line * width)
        }
      }
    }
  }
}

/// The lines that lie in the boxes around the lines of a grid.
private struct Boxes: Sendable {
  /// All lines along the last axis.
  let lines: Int
  /// The most points that a box can have.
  let largest: Int
  private let outer: [Int]
  private let radius: Int

  init(_ grid: GridShape, radius: Int) {
    outer = Array(grid.extents.dropLast())
    lines = outer.reduce(1, *)
    largest = grid.extents.reduce(1) { $0 * min($1, 2 * radius + 1) }
    self.radius = radius
  }

  /// Those in the box around a line.
  func lines(around line: Int) -> [Int] {
    let place = place(of: line)
    return combined(zip(place, outer).map { max(0, $0 - radius)...min($1 - 1, $0 + radius) })
  }

  /// What comes in and what goes where the box moves to `line` from the line before; `nil` where
  /// that is not beside it.
  func change(to line: Int) -> (entering: [Int], leaving: [Int])? {
    let place = place(of: line)
    guard let last = place.last, last > 0 else { return nil }
    let others = zip(place, outer).dropLast().map {
      max(0, $0 - radius)...min($1 - 1, $0 + radius)
    }
    func lines(at last: Int) -> [Int] {
      0..<outer[outer.count - 1] ~= last ? combined(others + [last...last]) : []
    }
    return (lines(at: last + radius), lines(at: last - radius - 1))
  }

  private func place(of line: Int) -> [Int] {
    var rest = line
    var place = outer
    for axis in outer.indices.reversed() {
      (rest, place[axis]) = rest.quotientAndRemainder(dividingBy: outer[axis])
    }
    return place
  }

  private func combined(_ ranges: [ClosedRange<Int>]) -> [Int] {
    zip(ranges, outer).reduce([0]) { lines, axis in
      lines.flatMap { line in axis.0.map { line * axis.1 + $0 } }
    }
  }
}

extension LabelFilterKind {
  /// Each point takes the label that occurs most among its neighbours.
  public static let majority = LabelFilterKind(
    name: "majority", summary: "each pixel takes the label that occurs most around it",
    settings: [
      Setting("radius", .count(1...1024), "how far around, in pixels", default: .count(1)),
      VoidSetting.setting,
    ], example: "majority:radius=2"
  ) { settings, _ in
    Majority(
      radius: settings.count("radius") ?? 1,
      ignoring: VoidSetting.label(settings))
  }
}
