/// Builds the bytes of ZIP archives, good and bad ones.
enum ZipBytes {
  struct Member {
    var name: String
    var data: [UInt8]
    var checksum: UInt32
    var size: Int
    /// 0 is stored, 8 deflated.
    var method = 0
    /// 1 is encrypted.
    var flags = 0

    init(_ name: String, _ data: [UInt8]) {
      self.name = name
      self.data = data
      checksum = ZipBytes.checksum(of: data)
      size = data.count
    }

    /// What the member's own header and the directory have in common.
    fileprivate var facts: [UInt8] {
      let method = field(20, 2) + field(flags, 2) + field(self.method, 2)
      let date = field(0, 4)
      let sizes = field(Int(checksum), 4) + field(data.count, 4) + field(size, 4)
      return method + date + sizes + field(name.utf8.count, 2) + field(0, 2)
    }
  }

  static func archive(_ members: [Member]) -> [UInt8] {
    var bytes: [UInt8] = []
    var directory: [UInt8] = []
    for member in members {
      directory += Array("PK\u{01}\u{02}".utf8) + field(20, 2) + member.facts
      directory += field(0, 2) + field(0, 2) + field(0, 2) + field(0, 4) + field(bytes.count, 4)
      directory += Array(member.name.utf8)
      bytes += Array("PK\u{03}\u{04}".utf8) + member.facts + Array(member.name.utf8) + member.data
    }
    let start = bytes.count
    bytes += directory + Array("PK\u{05}\u{06}".utf8) + field(0, 4)
    bytes += field(members.count, 2) + field(members.count, 2)
    return bytes + field(directory.count, 4) + field(start, 4) + field(0, 2)
  }

  /// CRC-32 of ZIP and PNG: polynomial 0xEDB88320, bits reflected.
  static func checksum(of bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in
        value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0)
      }
    }
  }

  private static func field(_ value: Int, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
