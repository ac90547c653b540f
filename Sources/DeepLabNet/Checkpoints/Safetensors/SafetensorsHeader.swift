import Formats
import LatticeSupport
import Unaries

/// The header of a `.safetensors` file, as it stands there; offsets are not looked at.
///
/// Its JSON has two levels, so that is all that the parser knows: what lies deeper is refused at
/// its first character.
struct SafetensorsHeader {
  /// A tensor, as the header describes it.
  struct Tensor {
    var name: String
    var type: String
    var shape: [Int]
    /// Bytes behind the header.
    var begin: Int
    var end: Int
  }

  private(set) var tensors: [Tensor] = []
  private(set) var metadata: [String: String] = [:]
  /// Where the data start.
  let dataStart: Int

  /// Bytes before the header: its length.
  static let lengthSize = 8
  /// The format's own limit.
  private static let longest: UInt64 = 100_000_000

  /// The types of the format and what they are called here.
  static let numbers: [String: StoredNumber] = [
    "F64": .float64, "F32": .float32, "F16": .float16, "BF16": .bfloat16,
    "I64": .int64, "I32": .int32, "I16": .int16, "I8": .int8,
    "U64": .uint64, "U32": .uint32, "U16": .uint16, "U8": .uint8, "BOOL": .bool,
  ]

  init(_ bytes: StoredBytes) throws {
    var cursor = ByteCursor(bytes, 0..<bytes.count, part: "the length of its header")
    let length = try cursor.integer(UInt64.self)
    guard length <= min(Self.longest, UInt64(cursor.remaining)) else {
      throw InputError(
        .data,
        "its header claims \(length) bytes, but \(cursor.remaining) follow and at most "
          + "\(Self.longest) are read",
        remedy: "the file is cut short, or is not a safetensors file")
    }
    dataStart = Self.lengthSize + Int(length)
    var text = try JSONText(bytes.bytes(Self.lengthSize..<dataStart))
    var names: Set<String> = []
    try text.object { text, name in
      guard names.insert(name).inserted else { throw JSONText.malformed("\(quoted(name)) twice") }
      if name == "__metadata__" {
        metadata = try Self.metadata(&text)
      } else {
        tensors.append(try Self.tensor(name, &text))
      }
    }
    try text.finish()
  }

  private static func metadata(_ text: inout JSONText) throws -> [String: String] {
    var result: [String: String] = [:]
    try text.object { text, key in
      guard result.updateValue(try text.string(), forKey: key) == nil else {
        throw JSONText.malformed("the metadata \(quoted(key)) twice")
      }
    }
    return result
  }

  private static func tensor(_ name: String, _ text: inout JSONText) throws -> Tensor {
    var (type, shape, offsets): (String?, [Int]?, [Int]?)
    try text.object { text, key in
      switch key {
      case "dtype" where type == nil: type = try text.string()
      case "shape" where shape == nil: shape = try text.sizes()
      case "data_offsets" where offsets == nil: offsets = try text.sizes()
      default: throw JSONText.malformed("\(quoted(key)) twice or unknown in \(quoted(name))")
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw JSONText.malformed("a tensor \(quoted(name)) without dtype, shape or two data_offsets")
    }
    return Tensor(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1])
  }
}
