import Formats
import LatticeSupport
import Unaries

/// The header of a `.safetensors` file, as it stands there; offsets are not looked at.
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
    try read(bytes.bytes(Self.lengthSize..<dataStart))
  }

  private mutating func read(_ text: [UInt8]) throws {
    let header: JSONValue
    do {
      header = try JSONReader.value(text)
    } catch let error as InputError {
      throw Self.malformed(error.problem)
    }
    guard let members = header.members else {
      throw Self.malformed("has \(header) in place of objects")
    }
    for member in members {
      if member.key == "__metadata__" {
        metadata = try Self.metadata(member.value)
      } else {
        tensors.append(try Self.tensor(member.key, member.value))
      }
    }
  }

  private static func malformed(_ problem: String) -> InputError {
    InputError(
      .data,
      "its header \(problem); expected {\"name\": {\"dtype\": …, \"shape\": […], "
        + "\"data_offsets\": […]}, …}",
      remedy: "the file is damaged, or is not a safetensors file")
  }

  private static func metadata(_ json: JSONValue) throws -> [String: String] {
    guard let members = json.members else { throw malformed("has metadata that is \(json)") }
    return Dictionary(
      uniqueKeysWithValues: try members.map { member in
        guard let text = member.value.text else {
          throw malformed("has the metadata \(quoted(member.key)) that is \(member.value)")
        }
        return (member.key, text)
      })
  }

  private static func tensor(_ name: String, _ json: JSONValue) throws -> Tensor {
    let keys = ["dtype", "shape", "data_offsets"]
    if let other = json.members?.first(where: { !keys.contains($0.key) }) {
      throw malformed("has \(quoted(other.key)), which is unknown, in \(quoted(name))")
    }
    guard let type = json["dtype"]?.text, let shape = sizes(json["shape"]),
      let offsets = sizes(json["data_offsets"]), offsets.count == 2
    else {
      throw malformed("has a tensor \(quoted(name)) without dtype, shape or two data_offsets")
    }
    return Tensor(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1])
  }

  /// Whole numbers from 0 on; `nil` for everything else.
  private static func sizes(_ json: JSONValue?) -> [Int]? {
    guard case .list(let values)? = json else { return nil }
    let sizes = values.compactMap(\.number).compactMap { Int(exactly: $0) }.filter { $0 >= 0 }
    return sizes.count == values.count ? sizes : nil
  }
}
