import CKernels
import LatticeSupport
import Unaries

/// What counts beyond the border of a grid.
public enum WindowBorder: String, Sendable, CaseIterable {
  /// Nothing: windows are clipped, and means are over what is left of them (He, Sun & Tang).
  case clip
  /// The grid's mirror image, its edge repeated (dcba|abcd|dcba), as OpenCV has it.
  case reflect
}

/// Windows of 2·radius + 1 points along every axis of a grid, walked plane by plane along its first
/// axis.
///
/// A part of the grid needs points around it: one radius for means, two for means of means.
/// Positions are those of a plane, without its first axis; they are numbered with the last axis
/// fastest.
struct WindowGeometry {
  /// At least two; that of a line of points gets a first axis of one.
  let extents: [Int]
  /// For each axis.
  let radii: [Int]
  let border: WindowBorder

  init(_ grid: GridShape, radius: Int, border: WindowBorder) {
    extents = grid.rank == 1 ? [1] + grid.extents : grid.extents
    self.border = border
    // A wider window holds no more than all points of its axis; mirrors repeat them for ever.
    radii = extents.map { border == .clip ? min(radius, $0 - 1) : radius }
  }

  /// Planes of a window.
  var window: Int { 2 * radii[0] + 1 }
  /// Points of a plane.
  var planeCount: Int { extents.dropFirst().reduce(1, *) }
  var lastExtent: Int { extents[extents.count - 1] }

  /// The coordinate on an axis that stands for another, beyond the border; `nil` where none does.
  func coordinate(_ coordinate: Int, axis: Int) -> Int? {
    let extent = extents[axis]
    if coordinate >= 0, coordinate < extent { return coordinate }
    guard border == .reflect else { return nil }
    let place = ((coordinate % (2 * extent)) + 2 * extent) % (2 * extent)
    return place < extent ? place : 2 * extent - 1 - place
  }

  /// One over the number of points that the window around a coordinate has along an axis.
  func reciprocal(_ coordinate: Int, axis: Int) -> Double {
    guard border == .clip else { return 1 / Double(2 * radii[axis] + 1) }
    let first = max(0, coordinate - radii[axis])
    let last = min(extents[axis] - 1, coordinate + radii[axis])
    return last < first ? 0 : 1 / Double(last - first + 1)
  }

  /// The positions of a plane's part.
  struct Positions {
    /// How many there are along each axis but the first.
    let lengths: [Int]
    /// The point of the plane at each; −1 where there is none.
    let map: [Int32]
    /// One over the number of points of the window around each.
    let reciprocals: [Double]
    /// The same in float32.
    let weights: [Float]

    var count: Int { map.count }
  }

  /// Some columns of all planes, with `margin` radii around them.
  func positions(columns: Range<Int>, margin: Int) -> Positions {
    let last = extents.count - 1
    var (map, reciprocals, lengths): ([Int32], [Double], [Int]) = ([0], [1], [])
    for axis in 1...last {
      let range = axis == last ? columns : 0..<extents[axis]
      let wide = range.lowerBound - margin * radii[axis]..<range.upperBound + margin * radii[axis]
      lengths.append(wide.count)
      let places = wide.map { coordinate($0, axis: axis).map(Int32.init) ?? -1 }
      let weights = wide.map { reciprocal($0, axis: axis) }
      let extent = Int32(extents[axis])
      map = map.flatMap { outer in
        places.map { outer < 0 || $0 < 0 ? -1 : outer * extent + $0 }
      }
      reciprocals = reciprocals.flatMap { outer in weights.map { outer * $0 } }
    }
    return Positions(
      lengths: lengths, map: map, reciprocals: reciprocals, weights: reciprocals.map { Float($0) })
  }

  /// A part of a grid that is done by itself, so that its sums stay in a cache.
  struct Part {
    let planes: Range<Int>
    let columns: Range<Int>
  }

  /// Parts of about `columns` columns and `planes` planes; the same whatever the number of threads.
  func parts(columns: Int, planes: Int) -> [Part] {
    Self.even(extents[0], planes).flatMap { planes in
      Self.even(lastExtent, columns).map { Part(planes: planes, columns: $0) }
    }
  }

  private static func even(_ count: Int, _ length: Int) -> [Range<Int>] {
    let parts = (count + length - 1) / length
    return (0..<parts).map { count * $0 / parts..<count * ($0 + 1) / parts }
  }
}

/// Numbers that window sums are taken of.
protocol WindowValue: BitwiseCopyable, Sendable {
  /// See `ck_box_sums`.
  static func sumLines(
    _ values: UnsafeMutablePointer<Self>, _ outer: Int, _ length: Int, _ inner: Int, _ radius: Int)
  /// See `ck_box_planes`.
  static func sumPlanes(
    _ block: UnsafeMutablePointer<Self>, _ next: UnsafePointer<Self>, _ pitch: Int, _ window: Int,
    _ count: Int, _ size: Int)
}

extension Float: WindowValue {
  static func sumLines(
    _ values: UnsafeMutablePointer<Float>, _ outer: Int, _ length: Int, _ inner: Int, _ radius: Int
  ) {
    ck_box_sums(values, outer, length, inner, radius)
  }
  static func sumPlanes(
    _ block: UnsafeMutablePointer<Float>, _ next: UnsafePointer<Float>, _ pitch: Int, _ window: Int,
    _ count: Int, _ size: Int
  ) {
    ck_box_planes(block, next, pitch, window, count, size)
  }
}

extension Double: WindowValue {
  static func sumLines(
    _ values: UnsafeMutablePointer<Double>, _ outer: Int, _ length: Int, _ inner: Int, _ radius: Int
  ) {
    ck_box_sums_double(values, outer, length, inner, radius)
  }
  static func sumPlanes(
    _ block: UnsafeMutablePointer<Double>, _ next: UnsafePointer<Double>, _ pitch: Int,
    _ window: Int, _ count: Int, _ size: Int
  ) {
    ck_box_planes_double(block, next, pitch, window, count, size)
  }
}

extension WindowGeometry {
  /// Replaces a plane by its sums over windows along all axes but the first, one radius less on
  /// every side.
  ///
  /// - Parameters:
  ///   - plane: `inner` values, a multiple of 4, for each position.
  ///   - lengths: how many positions there are along each axis.
  func sumWithin<Value: WindowValue>(
    _ plane: UnsafeMutablePointer<Value>, lengths: [Int], inner: Int
  ) {
    var inner = inner
    for axis in lengths.indices.reversed() {
      let (radius, outer) = (radii[axis + 1], lengths[..<axis].reduce(1, *))
      if radius > 0 { Value.sumLines(plane, outer, lengths[axis], inner, radius) }
      inner *= lengths[axis] - 2 * radius
    }
  }
}

/// Sums over windows of planes that come one after another, in blocks of as many planes as a window
/// has: a block is summed when the next one is there, and its planes make room for the one after.
struct WindowSums<Value: WindowValue> {
  /// The planes of a window.
  let window: Int
  /// The values of a plane's room.
  private let pitch: Int
  private let slots: AlignedBuffer<Value>

  /// - Parameters:
  ///   - window: the planes of one.
  ///   - room: the most values that a plane has while it is made.
  init(window: Int, room: Int) {
    self.window = window
    // Planes a multiple of 4 KiB apart would crowd each other out of caches.
    let line = 64 / MemoryLayout<Value>.stride
    pitch = ((room + line - 1) / line | 1) * line
    slots = AlignedBuffer(uninitialized: 2 * window * pitch)
  }

  /// The planes of a block, `pitch` values apart.
  struct Block {
    let planes: Range<Int>
    let base: UnsafeMutablePointer<Value>
    let pitch: Int

    subscript(plane: Int) -> UnsafeMutablePointer<Value> {
      base + (plane - planes.lowerBound) * pitch
    }
  }

  private func block(_ index: Int, planes: Int) -> Block {
    Block(
      planes: index * window..<max(index * window, min(planes, (index + 1) * window)),
      base: slots.base + index % 2 * window * pitch, pitch: pitch)
  }

  /// Calls `fill` for blocks of `planes` planes, which must be at least a window, and `finish` with
  /// the sums over each window, of the first `size` values of its planes, by its first plane.
  func stream(
    _ planes: Int, size: Int, fill: (Block) -> Void,
    finish: (Int, UnsafeMutablePointer<Value>) -> Void
  ) {
    let (blocks, results) = ((planes + window - 1) / window, planes - window + 1)
    for index in 0...blocks {
      let next = block(index, planes: planes)
      if index < blocks { fill(next) }
      guard index > 0 else { continue }
      let ready = block(index - 1, planes: results)
      guard !ready.planes.isEmpty else { break }
      if window > 1 {
        Value.sumPlanes(ready.base, next.base, pitch, window, ready.planes.count, size)
      }
      for plane in ready.planes { finish(plane, ready[plane]) }
    }
  }
}
