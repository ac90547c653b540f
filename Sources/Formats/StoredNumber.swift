import Unaries

/// The kinds of numbers that files of arrays and tensors hold.
package enum StoredNumber: String, Sendable {
  case float16, bfloat16, float32, float64
  case int8, int16, int32, int64
  case uint8, uint16, uint32, uint64
  case bool

  /// Bytes.
  package var size: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// The byte order of this machine.
  package static var isHostBigEndian: Bool { 1.bigEndian == 1 }

  /// Converts `count` numbers that need not be aligned.
  ///
  /// - Returns: the first number that is finite in float64 and infinite in float32, if there is
  ///   one.
  package func decode(
    _ bytes: UnsafeRawPointer, count: Int, isBigEndian: Bool,
    into output: UnsafeMutablePointer<Float>
  ) -> (index: Int, value: Double)? {
    let block = Block(
      bytes: bytes, count: count, isSwapped: isBigEndian != Self.isHostBigEndian, output: output)
    switch self {
    case .float16: block.convert { Float.half(bits: $0) }
    case .bfloat16: block.convert { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
    case .float32: block.convert { Float(bitPattern: $0) }
    case .float64:
      block.convert { (bits: UInt64) in Float(Double(bitPattern: bits)) }
      return block.overflow()
    case .int8: block.convert { (value: Int8) in Float(value) }
    case .int16: block.convert { (value: Int16) in Float(value) }
    case .int32: block.convert { (value: Int32) in Float(value) }
    case .int64: block.convert { (value: Int64) in Float(value) }
    case .uint8: block.convert { (value: UInt8) in Float(value) }
    case .uint16: block.convert { (value: UInt16) in Float(value) }
    case .uint32: block.convert { (value: UInt32) in Float(value) }
    case .uint64: block.convert { (value: UInt64) in Float(value) }
    case .bool: block.convert { (value: UInt8) in value == 0 ? 0 : 1 }
    }
    return nil
  }
}

/// Numbers on their way from bytes to floats.
private struct Block {
  let bytes: UnsafeRawPointer
  let count: Int
  let isSwapped: Bool
  let output: UnsafeMutablePointer<Float>

  @inline(__always)
  func convert<Bits: FixedWidthInteger & BitwiseCopyable>(_ value: (Bits) -> Float) {
    let size = MemoryLayout<Bits>.size
    if isSwapped {
      for index in 0..<count {
        let bits = bytes.loadUnaligned(fromByteOffset: index * size, as: Bits.self)
        output[index] = value(bits.byteSwapped)
      }
    } else {
      for index in 0..<count {
        output[index] = value(bytes.loadUnaligned(fromByteOffset: index * size, as: Bits.self))
      }
    }
  }

  func overflow() -> (index: Int, value: Double)? {
    for index in 0..<count where output[index].isInfinite {
      let bits = bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
      let value = Double(bitPattern: isSwapped ? bits.byteSwapped : bits)
      if value.isFinite { return (index, value) }
    }
    return nil
  }
}
