import Formats
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite struct NPZTests {
  private static let array = NPYBytes.file(
    type: "<f4", shape: [2, 2], data: NPYBytes.data([1, 2, 3, 4], type: "<f4"))

  private static func decode(_ members: [ZipBytes.Member], _ name: String? = nil) throws
    -> NumericArray
  {
    try ZipBytes.archive(members).withUnsafeBytes {
      try NPZ.decode($0, name: "test.npz", member: name)
    }
  }

  @Test func theOnlyArrayNeedsNoName() throws {
    let found = try Self.decode([.init("arr_0.npy", Self.array)])
    #expect(found.values == [1, 2, 3, 4])
    #expect(found.shape == [2, 2])
  }

  @Test func severalArraysNeedAName() throws {
    let other = NPYBytes.file(type: "|u1", shape: [1], data: [9])
    let members: [ZipBytes.Member] = [.init("scores.npy", Self.array), .init("names.npy", other)]
    #expect(try Self.decode(members, "names").values == [9])
    #expect(try Self.decode(members, "names.npy").values == [9])
    #expect(try Self.decode(members, "scores").values == [1, 2, 3, 4])
    for name in [nil, "none"] {
      let error = #expect(throws: InputError.self) { try Self.decode(members, name) }
      #expect(error?.problem.contains("'scores', 'names'") == true)
      #expect(name != nil || error?.remedy.description.contains("the name of a member") == true)
    }
  }

  @Test func aFileIsReadLikeMemory() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      ZipBytes.archive([.init("arr_0.npy", Self.array)]), as: "a.npz")
    #expect(try NPZ.read(path).values == [1, 2, 3, 4])
    #expect(try folder.contents() == ["a.npz"])
  }

  @Test func aWrongChecksumIsRefused() {
    var member = ZipBytes.Member("a.npy", Self.array)
    member.checksum ^= 1
    let error = #expect(throws: InputError.self) { try Self.decode([member]) }
    #expect(error?.problem.contains("CRC") == true, "\(String(describing: error))")
  }

  @Test func everyDamagedByteOfAMemberIsNoticed() {
    let member = ZipBytes.Member("a.npy", Self.array)
    for index in Self.array.indices {
      var damaged = member
      damaged.data[index] ^= 0x20
      #expect(throws: InputError.self) { try Self.decode([damaged]) }
    }
  }

  @Test func everyShorterArchiveIsRefused() {
    let bytes = ZipBytes.archive([.init("a.npy", Self.array)])
    for length in bytes.indices {
      #expect(throws: InputError.self) {
        try bytes[..<length].withUnsafeBytes { try NPZ.decode($0, name: "test.npz") }
      }
    }
  }

  @Test func otherMethodsAndEncryptionAreRefused() {
    var bzip = ZipBytes.Member("a.npy", Self.array)
    bzip.method = 12
    var encrypted = ZipBytes.Member("a.npy", Self.array)
    encrypted.flags = 1
    for member in [bzip, encrypted] {
      let error = #expect(throws: InputError.self) { try Self.decode([member]) }
      #expect(error?.place == "test.npz, member 'a.npy'")
    }
  }

  @Test func aClaimOfAThousandfoldSizeIsRefusedBeforeInflating() {
    var member = ZipBytes.Member("a.npy", Self.array)
    member.method = 8
    member.size = 1 << 30
    let error = #expect(throws: InputError.self) { try Self.decode([member]) }
    #expect(error?.problem.contains("would inflate") == true)
  }
}
