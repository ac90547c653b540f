import Formats
import Unaries

/// What a camera notes in a picture's file, and how it gets there.
package enum EXIFBytes {
  /// A block with an orientation between two other tags.
  ///
  /// - Parameters:
  ///   - orientation: any number, sensible or not.
  ///   - type: 3 for two bytes, as the standard has it.
  package static func block(
    orientation: Int, isLittle: Bool = true, type: Int = 3, count: Int = 1
  ) -> [UInt8] {
    func number(_ value: Int, _ bytes: Int) -> [UInt8] {
      let little = (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      return isLittle ? little : little.reversed()
    }
    func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: Int) -> [UInt8] {
      let size = [1: 1, 4: 4][type] ?? 2
      let padded = number(value, size) + [UInt8](repeating: 0, count: 4 - size)
      return number(tag, 2) + number(type, 2) + number(count, 4) + padded
    }
    return Array((isLittle ? "II" : "MM").utf8) + number(42, 2) + number(8, 4) + number(3, 2)
      + entry(0x0100, 4, 1, 17) + entry(0x0112, type, count, orientation)
      + entry(0x011C, 3, 1, 1) + number(0, 4)
  }

  /// A PNG file with the block in a chunk before its pixels, or after them.
  package static func png(
    _ file: [UInt8], with block: [UInt8], afterPixels: Bool = false
  ) -> [UInt8] {
    // The signature and the header take 33 bytes; the chunk that ends the file takes 12.
    let place = afterPixels ? file.count - 12 : 33
    return Array(file[..<place]) + chunk("eXIf", block) + file[place...]
  }

  /// A JPEG file with the block in a segment behind the start marker.
  package static func jpeg(_ file: [UInt8], with block: [UInt8]) -> [UInt8] {
    let contents = Array("Exif\0\0".utf8) + block
    let size = contents.count + 2
    let head: [UInt8] = [0xFF, 0xE1, UInt8(size >> 8), UInt8(size & 0xFF)]
    return Array(file[..<2]) + head + contents + file[2...]
  }

  /// The longest block that a segment of a JPEG file has room for.
  package static let longestInJPEG = 65535 - 2 - 6

  /// A JPEG file with the first bytes of a colour profile behind the start marker.
  package static func jpeg(_ file: [UInt8], profile: [UInt8]) -> [UInt8] {
    let contents = Array("ICC_PROFILE\0".utf8) + [1, 1] + profile.prefix(65000)
    let size = contents.count + 2
    return Array(file[..<2]) + [0xFF, 0xE2, UInt8(size >> 8), UInt8(size & 0xFF)] + contents
      + file[2...]
  }

  /// A PNG file with a colour profile, which is said to be compressed, before its pixels.
  package static func png(_ file: [UInt8], profile: [UInt8]) -> [UInt8] {
    Array(file[..<33]) + chunk("iCCP", Array("p\0\0".utf8) + profile) + file[33...]
  }

  private static func chunk(_ name: String, _ contents: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + contents
    return bigEndian(UInt32(contents.count)) + body + bigEndian(checksum(body))
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  /// CRC-32, bit by bit.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1) * 0xEDB8_8320 }
    }
  }
}

extension PictureOrientation {
  /// How a camera that was held so stores an upright picture.
  package func stored(_ picture: Image) -> Image {
    let inverse: PictureOrientation =
      switch self {
      case .quarterTurnRight: .quarterTurnLeft
      case .quarterTurnLeft: .quarterTurnRight
      default: self
      }
    return picture.upright(from: inverse)
  }
}
