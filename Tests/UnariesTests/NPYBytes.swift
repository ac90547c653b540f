/// Builds the bytes of NPY files, good and bad ones.
enum NPYBytes {
  /// A file of format `version` with any header text, padded as NumPy does.
  static func file(header: String, version: UInt8 = 1, data: [UInt8]) -> [UInt8] {
    let lengthSize = version == 1 ? 2 : 4
    var text = Array(header.utf8)
    while (8 + lengthSize + text.count + 1) % 64 != 0 { text.append(0x20) }
    text.append(0x0A)
    let length = (0..<lengthSize).map { UInt8(text.count >> (8 * $0) & 0xFF) }
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + text + data
  }

  /// A file with the usual header.
  static func file(
    type: String, shape: [Int], fortranOrder: Bool = false, version: UInt8 = 1, data: [UInt8]
  ) -> [UInt8] {
    let tuple = "(" + shape.map { "\($0), " }.joined() + ")"
    let header =
      "{'descr': '\(type)', 'fortran_order': \(fortranOrder ? "True" : "False"), 'shape': \(tuple), }"
    return file(header: header, version: version, data: data)
  }

  /// The stored form of `values` in the type with the NumPy code `type`, byte order first.
  static func data(_ values: [Double], type: String) -> [UInt8] {
    let isBigEndian = type.hasPrefix(">")
    return values.flatMap { value -> [UInt8] in
      let bytes: [UInt8] =
        switch type.dropFirst() {
        case "f2": littleEndian(UInt64(Float16(value).bitPattern), 2)
        case "f4": littleEndian(UInt64(Float(value).bitPattern), 4)
        case "f8": littleEndian(value.bitPattern, 8)
        default:
          // Two's complement of every width agrees in the low bytes.
          littleEndian(
            type.dropFirst().hasPrefix("u")
              ? UInt64(value) : UInt64(bitPattern: Int64(value)),
            Int(String(type.last!))!)
        }
      return isBigEndian ? bytes.reversed() : bytes
    }
  }

  private static func littleEndian(_ bits: UInt64, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0))) }
  }
}
