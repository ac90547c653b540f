/// How a field of a protocol buffer is stored: the lowest bits of its tag.
enum ProtobufWireType: UInt64 {
  case varint = 0
  case fixed64 = 1
  case bytes = 2
  case groupStart = 3
  case groupEnd = 4
  case fixed32 = 5

  /// The bits of a tag that are the wire type; the others number the field.
  static let bitCount = 3
}
