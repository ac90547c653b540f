import Formats
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Optical flow from files.
@Suite struct FlowFileTests {
  private static let grid = GridShape(width: 3, height: 2)
  private static let vectors: [Float] = [1, 2, -3.5, 0, .nan, .nan, 0.25, 1e6, 5, 6, 7, 8]

  private static func path(_ name: String) -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString + name).path
  }

  private static func same(_ flow: FlowField, _ vectors: [Float]) -> Bool {
    zip(flow.vectors, vectors).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
      && flow.vectors.count == vectors.count
  }

  @Test("what is written is read, byte by byte as Middlebury has it")
  func middlebury() throws {
    let path = Self.path(".flo")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try FlowFile.write(FlowField(grid: Self.grid, vectors: Self.vectors), to: path)
    let bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
    #expect(bytes.count == 12 + 8 * 6)
    #expect(String(decoding: bytes.prefix(4), as: UTF8.self) == "PIEH")
    #expect(Array(bytes[4..<12]) == [3, 0, 0, 0, 2, 0, 0, 0])
    // 1 and 2 in float32, the lowest byte first.
    #expect(Array(bytes[12..<20]) == [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
    let flow = try FlowFile.read(path)
    #expect(flow.grid == Self.grid)
    #expect(Self.same(flow, Self.vectors))
  }

  @Test("an array has x, then y; what is not finite is unknown")
  func array() throws {
    let path = Self.path(".npy")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try NPY.write(
      NumericArray(shape: [2, 1, 3], values: [1, .infinity, 3, 4, 5, 6]), to: path)
    let flow = try FlowFile.read(path)
    #expect(flow.grid == GridShape(width: 3, height: 1))
    #expect(Self.same(flow, [1, 4, .nan, .nan, 3, 6]))
  }

  @Test("what is no flow is refused by its name")
  func refusals() throws {
    let array = Self.path(".npy")
    let cut = Self.path(".flo")
    defer {
      for path in [array, cut] { try? FileManager.default.removeItem(atPath: path) }
    }
    try NPY.write(NumericArray(shape: [3, 1, 2], values: [1, 2, 3, 4, 5, 6]), to: array)
    let shape = errorText { _ = try FlowFile.read(array) }
    #expect(shape.hasPrefix(array) && shape.contains("[3, 1, 2]"), "\(shape)")
    try FlowFile.write(FlowField(grid: Self.grid, vectors: Self.vectors), to: cut)
    let whole = try #require(FileManager.default.contents(atPath: cut))
    for count in [6, 11, 59] {
      try whole.prefix(count).write(to: URL(fileURLWithPath: cut))
      #expect(errorText { _ = try FlowFile.read(cut) }.hasPrefix(cut), "\(count) bytes")
    }
    var large = whole
    large.replaceSubrange(4..<8, with: [255, 255, 255, 127])
    try large.write(to: URL(fileURLWithPath: cut))
    #expect(errorText { _ = try FlowFile.read(cut) }.contains("size"))
  }
}
