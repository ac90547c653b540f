import Unaries

extension NPY.ElementType {
  /// Bytes a number.
  package var size: Int {
    switch self {
    case .float32: 4
    case .float16, .uint16: 2
    }
  }

  /// What a header calls it.
  var descriptor: String {
    switch self {
    case .float32: "<f4"
    case .float16: "<f2"
    case .uint16: "<u2"
    }
  }

  /// Encodes numbers, little endian.
  ///
  /// - Returns: the index of the first number that has no encoding, if there is one.
  package func encode(
    _ values: UnsafePointer<Float>, count: Int, into bytes: UnsafeMutablePointer<UInt8>
  ) -> Int? {
    let raw = UnsafeMutableRawPointer(bytes)
    switch self {
    case .float32:
      for index in 0..<count {
        raw.storeBytes(
          of: values[index].bitPattern.littleEndian, toByteOffset: index * 4, as: UInt32.self)
      }
      return nil
    case .float16:
      for index in 0..<count {
        raw.storeBytes(
          of: values[index].halfBits.littleEndian, toByteOffset: index * 2, as: UInt16.self)
      }
      return (0..<count).first { values[$0].isFinite && values[$0].magnitude >= 65520 }
    case .uint16:
      for index in 0..<count {
        guard let number = UInt16(exactly: values[index]) else { return index }
        raw.storeBytes(of: number.littleEndian, toByteOffset: index * 2, as: UInt16.self)
      }
      return nil
    }
  }
}
