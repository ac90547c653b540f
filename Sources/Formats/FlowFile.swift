import LatticeSupport
import Unaries

/// Optical flow from files: Middlebury's `.flo`, and arrays (2, H, W).
///
/// Middlebury's format (Baker et al., "A database and evaluation methodology for optical flow",
/// IJCV 92, 2011): the number 202021.25 in float32, width and height in int32, then (x, y) of each
/// pixel in float32, all with the lowest byte first. Vectors of more than 10⁹ mean that the flow is
/// unknown.
public enum FlowFile {
  /// Endings of files of flow.
  package static let endings = ["flo"] + ArrayFile.endings

  private static let tag: Float = 202021.25
  private static let unknown: Float = 1e9
  private static let headerLength = 12
  /// More than any camera has along an axis.
  private static let longestSide: Int32 = 1 << 20

  /// Reads a field of flow; the contents decide, not the name.
  ///
  /// - Throws: `InputError` where the file cannot be read, or is neither.
  /// - Complexity: O(N).
  public static func read(_ path: String) throws -> FlowField {
    do {
      let source = try FileSource(path)
      guard number(source.peek(4), 0) == tag.bitPattern else {
        return try FlowField(ArrayFile.read(path))
      }
      return try middlebury(source.bytes(upTo: .max))
    } catch let error as InputError {
      throw error.at(path)
    }
  }

  private static func middlebury(_ bytes: [UInt8]) throws -> FlowField {
    let sides = [4, 8].map { number(bytes, $0).map { Int32(bitPattern: $0) } ?? 0 }
    guard sides.allSatisfy({ (1...longestSide).contains($0) }) else {
      throw InputError(
        .data,
        "is not flow as Middlebury's .flo files have it: its size is "
          + "\(sides[0])×\(sides[1])")
    }
    let grid = try GridShape([Int(sides[1]), Int(sides[0])])
    let expected = headerLength + 8 * grid.count
    guard bytes.count == expected else {
      throw InputError(
        .data, "has \(bytes.count) bytes, but flow over \(grid) takes \(expected)",
        remedy: "the file may be cut short: copy it again")
    }
    let vectors = (0..<2 * grid.count).map { index -> Float in
      let value = Float(bitPattern: number(bytes, headerLength + 4 * index) ?? 0)
      return value.magnitude < unknown ? value : .nan
    }
    return try FlowField(grid: grid, vectors: vectors)
  }

  /// The four bytes at a place, the lowest first; `nil` where there are fewer.
  private static func number(_ bytes: [UInt8], _ place: Int) -> UInt32? {
    guard bytes.count >= place + 4 else { return nil }
    return (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) }
  }

  /// Writes a `.flo` file; it appears whole or not at all.
  ///
  /// - Throws: `InputError` where it cannot be written.
  public static func write(_ flow: FlowField, to path: String) throws {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(headerLength + 8 * flow.grid.count)
    func add(_ number: UInt32) {
      for shift in stride(from: UInt32(0), to: 32, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: number >> shift))
      }
    }
    add(tag.bitPattern)
    add(UInt32(flow.grid.width))
    add(UInt32(flow.grid.height))
    for value in flow.vectors { add((value.isNaN ? 10 * unknown : value).bitPattern) }
    try AtomicOutput.write(to: path) { try $0.write(bytes) }
  }
}
