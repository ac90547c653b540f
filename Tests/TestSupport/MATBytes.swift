/// Builds the bytes of MATLAB's files, version 5.
package struct MATBytes {
  package var isBigEndian = false

  package init(isBigEndian: Bool = false) { self.isBigEndian = isBigEndian }

  package func file(_ elements: [UInt8]...) -> [UInt8] {
    var header = Array("MATLAB 5.0 MAT-file, by a test".utf8)
    header += [UInt8](repeating: 0x20, count: 124 - header.count)
    return header + (isBigEndian ? [1, 0, 0x4D, 0x49] : [0, 1, 0x49, 0x4D]) + elements.joined()
  }

  private func number<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian) { Array($0) }
  }

  /// Type, size and bytes, up to a multiple of eight; `isSmall` puts up to four bytes beside their
  /// size.
  package func element(_ type: Int, _ bytes: [UInt8], isSmall: Bool = false) -> [UInt8] {
    var element =
      isSmall
      ? number(UInt32(bytes.count << 16 | type))
      : number(UInt32(type)) + number(UInt32(bytes.count))
    element += bytes
    while element.count % 8 != 0 { element.append(0) }
    return element
  }

  /// An array of doubles, whose numbers are stored as `type`.
  package func array(
    _ name: String, shape: [Int], type: Int, stored: [UInt8], flags: UInt32 = 6,
    isSmall: Bool = false
  ) -> [UInt8] {
    element(
      14,
      element(6, number(flags) + number(UInt32(0)))
        + element(5, shape.flatMap { number(Int32($0)) })
        + element(1, Array(name.utf8), isSmall: isSmall) + element(type, stored))
  }

  package func singles(_ values: [Float]) -> [UInt8] { values.flatMap { number($0.bitPattern) } }
}
