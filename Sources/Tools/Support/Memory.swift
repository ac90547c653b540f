import LatticeSupport
import Unaries

/// Refuses what cannot fit into memory, before hours of swapping show it.
package enum MemoryCheck {
  /// Energies and marginals are held together, as long as an inference lasts; there is more, but
  /// how much depends on the image.
  private static let fieldsHeld = 2

  /// - Parameter remedy: what makes the grid smaller.
  /// - Throws: `InputError` where the energies and marginals alone are more than this process can
  ///   have.
  package static func check(_ grid: GridShape, labelCount: Int, remedy: String) throws {
    let rowSize = ChannelField.paddedStride(forChannels: labelCount) * MemoryLayout<Float>.size
    let memory = memoryLimit()
    guard grid.count > memory / (fieldsHeld * rowSize) else { return }
    throw InputError(
      .data,
      "\(labelCount) labels on \(grid) points need \(size(grid.count, rowSize * fieldsHeld)) for "
        + "energies and marginals alone, but there are \(size(memory, 1))", remedy: remedy)
  }

  private static func size(_ count: Int, _ bytes: Int) -> String {
    let gigabytes = Double(count) * Double(bytes) / Double(1 << 30)
    return "\((10 * gigabytes).rounded() / 10) GiB"
  }
}

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
