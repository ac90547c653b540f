import LatticeSupport

/// An amount of memory, as people write it: 512M, 2G.
package struct MemorySize: CustomStringConvertible {
  /// At least 0.
  package let bytes: Int

  private static let units: [(letter: Character, bytes: Int)] = [
    ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10),
  ]

  package init(bytes: Int) { self.bytes = bytes }

  /// - Throws: `InputError` that names `option` where `text` is not a size.
  package init(_ text: String, option: String) throws {
    let unit = Self.units.first { $0.letter == text.uppercased().last }
    let digits = unit == nil ? Substring(text) : text.dropLast()
    guard let count = Int(digits), count >= 0, count <= Int.max / (unit?.bytes ?? 1) else {
      throw InputError(
        .usage, at: option, "is '\(text)', which is not an amount of memory",
        remedy: "write a whole number of bytes, or of K, M or G, such as 512M or 4G")
    }
    bytes = count * (unit?.bytes ?? 1)
  }

  package var description: String {
    let unit = Self.units.first { bytes >= $0.bytes && bytes.isMultiple(of: $0.bytes) }
    return unit.map { "\(bytes / $0.bytes)\($0.letter)" } ?? "\(bytes)"
  }
}
