import LatticeCHeader
import LatticeSupport
import Unaries

/// What callers give, checked. Nothing behind these functions meets a wrong size or a null pointer.
enum Arguments {
  /// The most of a grid's points: what vertices and points are numbered with.
  static let mostPoints = Int(Int32.max)
  static let mostLabels = Int(UInt16.max) + 1
  static let mostThreads = 1024
  static let mostIterations = 100_000
  /// Energies above it would reach that of the labels that pad a row (1e30), once messages are
  /// added.
  static let largestEnergy: Float = 1e20
  /// Sums of 2³¹ points times a weight stay far below the largest energy.
  static let largestWeight: Float = 1e10
  /// Squares of distances stay in the range of float32.
  static let largestFeature: Float = 1e15
  /// Rounding of another program's softmax.
  static let largestMarginal: Float = 1.001

  /// `pointer`, where it is one that numbers of type `Value` can lie at.
  static func pointer<Pointer: Strideable>(
    _ pointer: Pointer?, _ name: String, alignment: Int = 4
  ) throws -> Pointer where Pointer: Hashable {
    guard let pointer else { throw CallError.argument("\(name) is null") }
    guard unsafeBitCast(pointer, to: Int.self) % alignment == 0 else {
      throw CallError.argument("\(name) does not lie at a multiple of \(alignment) bytes")
    }
    return pointer
  }

  /// A number within limits.
  static func integer<Integer: BinaryInteger>(
    _ value: Integer, in range: ClosedRange<Int>, _ name: String
  ) throws -> Int {
    guard let value = Int(exactly: value), range.contains(value) else {
      throw CallError.argument(
        "\(name) is \(value), but must lie in \(range.lowerBound)…\(range.upperBound)")
    }
    return value
  }

  /// Compares an array's length with what is needed, `rows` × `columns`, which is of no overflow.
  static func count(_ count: Int64, _ rows: Int, _ columns: Int, _ name: String) throws {
    let (needed, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard !overflow, Int(exactly: count) == needed else {
      throw CallError.argument(
        "\(name) has \(count) elements, but \(rows) × \(columns)"
          + (overflow ? "" : " = \(needed)") + " are needed")
    }
  }

  static func grid(_ extents: UnsafePointer<Int64>?, rank: Int32) throws -> GridShape {
    let rank = try integer(rank, in: 1...16, "the number of axes")
    let extents = try pointer(extents, "extents", alignment: 8)
    let sizes = try (0..<rank).map {
      try integer(extents[$0], in: 1...mostPoints, "extent \($0) of the grid")
    }
    // No overflow: a product that has not passed 2³¹ yet times an extent below it.
    let isNumbered = sizes.reduce(1) { $0 > mostPoints ? $0 : $0 * $1 } <= mostPoints
    guard isNumbered else {
      throw CallError.argument(
        "a grid of \(sizes) has more than \(mostPoints) points, which cannot be numbered; process "
          + "it in tiles")
    }
    return try GridShape(sizes)
  }

  /// A short list of finite numbers, such as bandwidths.
  static func numbers(
    _ values: UnsafePointer<Float>?, count: Int, _ name: String,
    magnitude largest: Float = .greatestFiniteMagnitude
  ) throws -> [Float] {
    let values = try pointer(values, name)
    let numbers = Array(UnsafeBufferPointer(start: values, count: count))
    if let index = numbers.firstIndex(where: { !($0.magnitude <= largest) }) {
      throw CallError.data(
        "number \(index) of \(name) is \(numbers[index]), but must be finite"
          + (largest < .greatestFiniteMagnitude ? " and at most \(largest) in magnitude" : ""))
    }
    return numbers
  }

  static func parallelism(threads: Int32) throws -> Parallelism {
    let threads = try integer(threads, in: 0...mostThreads, "the number of threads")
    return threads == 0 ? DefaultThreads.parallelism : Parallelism(threads: threads)
  }

  /// What a caller fills in, of which older callers know fewer fields: the others stay as in
  /// `defaults`.
  static func structure<Structure>(
    _ pointer: UnsafePointer<Structure>?, _ name: String, defaults: Structure
  ) throws -> Structure {
    let pointer = UnsafeRawPointer(try Self.pointer(pointer, name, alignment: 8))
    let size = try structureSize(pointer, of: Structure.self, name)
    var result = defaults
    withUnsafeMutableBytes(of: &result) {
      $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: size))
    }
    return result
  }

  /// The size that a structure says it has, which its first field holds.
  static func structureSize<Structure>(
    _ pointer: UnsafeRawPointer, of type: Structure.Type, _ name: String
  ) throws -> Int {
    let (size, field) = (pointer.load(as: UInt64.self), UInt64(MemoryLayout<UInt64>.size))
    let most = UInt64(MemoryLayout<Structure>.size)
    // Fields are of 8 bytes, or pairs of 4.
    guard size >= field, size <= most, size % field == 0 else {
      throw CallError.argument(
        "the size of \(name) is \(size), but must be sizeof the structure, which is \(most) here")
    }
    return Int(size)
  }

  /// A caller's text.
  static func text(_ text: UnsafePointer<CChar>?, _ name: String) throws -> String {
    guard let text = String(validatingCString: try pointer(text, name, alignment: 1)) else {
      throw CallError.data("\(name) is not valid UTF-8")
    }
    return text
  }

  /// Copies `text` to a caller's memory, where there is enough of it.
  ///
  /// - Returns: the bytes that it takes, the 0 at its end among them.
  static func give(
    _ text: String, to target: UnsafeMutablePointer<CChar>?, capacity: Int64
  ) -> Int64 {
    text.withCString { source in
      let count = text.utf8.count + 1
      if let target, capacity >= count { target.update(from: source, count: count) }
      return Int64(count)
    }
  }

  /// - Throws: a `CallError` where energies and marginals do not fit into memory together.
  static func memory(labels: Int, on grid: GridShape) throws {
    let stride = ChannelField.paddedStride(forChannels: labels)
    try memory(
      grid.count, bytesEach: 2 * MemoryLayout<Float>.size * stride,
      "\(labels) labels on \(grid) points")
  }

  /// - Throws: a `CallError` where this process cannot have `bytes` bytes.
  static func memory(_ count: Int, bytesEach: Int, _ what: String) throws {
    let limit = memoryLimit()
    guard count <= limit / max(1, bytesEach) else {
      let gibibytes = Double(count) * Double(bytesEach) / Double(1 << 30)
      throw CallError(
        LATTICECRF_OUT_OF_MEMORY,
        "\(what) would need \((10 * gibibytes).rounded() / 10) GiB, but there are "
          + "\((10 * Double(limit) / Double(1 << 30)).rounded() / 10) GiB; process it in tiles")
    }
  }
}
