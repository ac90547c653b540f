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
  static func boxSums(
    _ values: UnsafeMutablePointer<Self>, _ outer: Int, _ length: Int, _ inner: Int, _ radius: Int)
  static func boxStep(
    _ slots: UnsafeMutablePointer<Self>, _ prefix: UnsafeMutablePointer<Self>, _ window: Int,
    _ index: Int, _ values: UnsafeMutablePointer<Self>, _ length: Int, _ inner: Int, _ radius: Int)
}

extension Float: WindowValue {
  static func boxSums(
    _ values: UnsafeMutablePointer<Float>, _ outer: Int, _ length: Int, _ inner: Int, _ radius: Int
  ) {
    ck_box_sums(values, outer, length, inner, radius)
  }
  static func boxStep(
    _ slots: UnsafeMutablePointer<Float>, _ prefix: UnsafeMutablePointer<Float>, _ window: Int,
    _ index: Int, _ values: UnsafeMutablePointer<Float>, _ length: Int, _ inner: Int, _ radius: Int
  ) {
    let planes = ck_box_planes(slots: slots, prefix: prefix, window: window)
    ck_box_step(planes, index, values, length, inner, radius)
  }
}

extension Double: WindowValue {
  static func boxSums(
    _ values: UnsafeMutablePointer<Double>, _ outer: Int, _ length: Int, _ inner: Int, _ radius: Int
  ) {
    ck_box_sums_double(values, outer, length, inner, radius)
  }
  static func boxStep(
    _ slots: UnsafeMutablePointer<Double>, _ prefix: UnsafeMutablePointer<Double>, _ window: Int,
    _ index: Int, _ values: UnsafeMutablePointer<Double>, _ length: Int, _ inner: Int, _ radius: Int
  ) {
    let planes = ck_box_planes_double(slots: slots, prefix: prefix, window: window)
    ck_box_step_double(planes, index, values, length, inner, radius)
  }
}

/// Window sums of planes that come one after another.
struct WindowSums<Value: WindowValue> {
  private let lengths: [Int]
  private let radii: [Int]
  private let inner: Int
  private let window: Int
  private let slots: AlignedBuffer<Value>
  private let prefix: AlignedBuffer<Value>
  private var index = 0

  /// - Parameters:
  ///   - geometry: the windows.
  ///   - lengths: how many positions planes have along each axis but the first when they come.
  ///   - inner: the values of each, a multiple of 4.
  init(_ geometry: WindowGeometry, lengths: [Int], inner: Int) {
    self.lengths = lengths
    self.inner = inner
    radii = Array(geometry.radii.dropFirst())
    window = 2 * geometry.radii[0] + 1
    let size = zip(lengths, radii).reduce(inner) { $0 * ($1.0 - 2 * $1.1) }
    slots = AlignedBuffer(uninitialized: window > 1 ? window * size : 0)
    prefix = AlignedBuffer(uninitialized: window > 1 ? size : 0)
  }

  /// Replaces a plane by the sums of the windows that end with it, one radius less on every side.
  ///
  /// - Returns: whether as many planes have come as a window has.
  mutating func add(_ plane: UnsafeMutablePointer<Value>) -> Bool {
    var inner = inner
    for axis in lengths.indices.dropFirst().reversed() {
      let outer = lengths[..<axis].reduce(1, *)
      if radii[axis] > 0 { Value.boxSums(plane, outer, lengths[axis], inner, radii[axis]) }
      inner *= lengths[axis] - 2 * radii[axis]
    }
    Value.boxStep(slots.base, prefix.base, window, index, plane, lengths[0], inner, radii[0])
    index += 1
    return index >= window
  }
}
