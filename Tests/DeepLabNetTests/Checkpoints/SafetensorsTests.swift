import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

struct SafetensorsTests {
  private let folder = try? TemporaryFolder()

  private static let values: [String: ParameterValues] = [
    "b.weight": ParameterValues(shape: [2, 3], values: [1, -2.5, 3e-5, .infinity, 0, -0.0]),
    "a.bias": ParameterValues(shape: [2], values: [65504, 1.0009765625]),
    "scalar": ParameterValues(shape: [], values: [7]),
    "empty": ParameterValues(shape: [0, 4], values: []),
    "odd \"name\" \\ \u{1} ü": ParameterValues(shape: [1], values: [0.1]),
  ]

  /// Writes the sample and reads it again.
  private func roundTrip(
    _ type: Safetensors.ElementType
  ) throws -> (checkpoint: CheckpointFile, bytes: [UInt8]) {
    let folder = try #require(folder)
    let path = folder.file("weights")
    let tensors = Self.values.map { Safetensors.Tensor($0, shape: $1.shape, type: type) }
    try Safetensors.write(tensors, to: path) { try #require(Self.values[$0.name]) }
    return (try CheckpointFile.open(path), try folder.bytes(of: "weights"))
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let (checkpoint, _) = try roundTrip(.float32)
    #expect(checkpoint.format == .safetensors)
    #expect(checkpoint.entries.map(\.name).sorted() == Self.values.keys.sorted())
    for (name, expected) in Self.values {
      let found = try checkpoint.values(of: name)
      #expect(found.shape == expected.shape)
      #expect(found.values().map(\.bitPattern) == expected.values().map(\.bitPattern))
    }
  }

  @Test func halfPrecisionIsTheNearest() throws {
    let (checkpoint, _) = try roundTrip(.float16)
    #expect(checkpoint.entries.allSatisfy { $0.storedType == "float16" })
    #expect(try checkpoint.values(of: "a.bias").values() == [65504, 1.0009765625])
    // 0.1 lies between 1638 and 1639 sixteen-thousandths.
    #expect(try checkpoint.values(of: "odd \"name\" \\ \u{1} ü").values() == [1638 / 16384])
  }

  @Test func theDataBeginAtAMultipleOfEight() throws {
    let bytes = try roundTrip(.float32).bytes
    #expect(bytes[0].isMultiple(of: 8))
    let header = String(decoding: bytes.dropFirst(8), as: UTF8.self)
    #expect(header.hasPrefix(#"{"__metadata__":{"format":"pt"},"a.bias":{"dtype":"F32""#))
  }

  @Test func aNumberTooLargeForHalfIsRefusedAndNothingIsWritten() throws {
    let folder = try #require(folder)
    let large = ParameterValues(shape: [2], values: [1, 65520])
    let error = #expect(throws: InputError.self) {
      try Safetensors.write(
        [Safetensors.Tensor("w", shape: [2], type: .float16)], to: folder.file("out")
      ) { _ in large }
    }
    #expect(error?.description.contains("tensor 'w': the number 65520.0 at 1") == true)
    #expect(try folder.contents().isEmpty)
  }

  @Test func anUnknownTensorIsRefusedWithTheLikeliest() throws {
    let (checkpoint, _) = try roundTrip(.float32)
    let error = #expect(throws: InputError.self) { try checkpoint.values(of: "a.bais") }
    #expect(error?.remedy == "did you mean 'a.bias'?")
  }

  @Test func anEmptyTensorWithSizesThatOverflowIsRefused() throws {
    let header = #"{"a":{"dtype":"F32","shape":[9000000000,9000000000,0],"data_offsets":[0,0]}}"#
    let bytes = [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8)
    let error = #expect(throws: InputError.self) {
      try SafetensorsCheckpoint(StoredBytes(bytes, name: "input"))
    }
    #expect(error?.problem.contains("more elements than any memory holds") == true)
  }

  /// Every byte of the header changed once: refused by name, or read, but never a crash.
  @Test func everyDamagedHeaderIsRefusedOrRead() throws {
    let whole = try roundTrip(.float32).bytes
    for position in 0..<8 + (Int(whole[0]) | Int(whole[1]) << 8) {
      for change: UInt8 in [0x01, 0x10, 0x80, 0xFF] {
        var bytes = whole
        bytes[position] ^= change
        do {
          let checkpoint = try SafetensorsCheckpoint(StoredBytes(bytes, name: "input"))
          for entry in checkpoint.entries { _ = try checkpoint.values(of: entry.name) }
        } catch let error as InputError {
          #expect(error.place == "input")
        }
      }
    }
  }
}
