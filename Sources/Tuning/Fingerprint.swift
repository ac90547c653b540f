import Formats
import Foundation
import LatticeSupport
import Unaries

/// Tells files from others of the same name; not meant to withstand malice.
public enum Fingerprint {
  /// FNV-1a's prime and start (Fowler, Noll & Vo), here over words of eight bytes.
  private static let prime: UInt64 = 0x100_0000_01b3
  private static let start: UInt64 = 0xcbf2_9ce4_8422_2325

  /// The contents of some files, as 16 hexadecimal digits. O(bytes).
  ///
  /// - Throws: `InputError` where one cannot be read.
  public static func of(_ paths: [String]) throws -> String {
    let value = try paths.reduce(start) { value, path in
      try add(FileSource(path), to: value)
    }
    return digits(value)
  }

  /// What a palette makes of pixels: its colours and that of void, but not the labels' names.
  /// O(colours).
  public static func of(_ palette: Palette) -> String {
    let colors = palette.colors + (palette.voidColor.map { [$0] } ?? [])
    let bytes = colors.flatMap { [$0.red, $0.green, $0.blue] }
    // The last colour may be void's or a label's.
    let value = mixed(start, UInt64(palette.colors.count))
    return digits(bytes.withUnsafeBytes { add($0, to: value) })
  }

  private static func digits(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func add(_ file: FileSource, to value: UInt64) throws -> UInt64 {
    var (value, total) = (value, 0)
    while true {
      // Whole words, but for the last block.
      let block = try file.bytes(upTo: transferBlockSize)
      value = block.withUnsafeBytes { addWords($0, to: value) }
      total += block.count
      if block.count < transferBlockSize { break }
    }
    // Where a file ends matters too.
    return mixed(value, UInt64(total))
  }

  private static func add(_ bytes: UnsafeRawBufferPointer, to value: UInt64) -> UInt64 {
    mixed(addWords(bytes, to: value), UInt64(bytes.count))
  }

  private static func addWords(_ bytes: UnsafeRawBufferPointer, to value: UInt64) -> UInt64 {
    var value = value
    let words = bytes.count / 8
    for word in 0..<words {
      value = mixed(value, bytes.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self))
    }
    for byte in bytes[(8 * words)...] { value = mixed(value, UInt64(byte)) }
    return value
  }

  private static func mixed(_ value: UInt64, _ word: UInt64) -> UInt64 {
    let product = (value ^ word) &* prime
    // The product's low bits know nothing of the word's high ones.
    return product ^ (product >> 32)
  }
}
