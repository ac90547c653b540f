import LatticeSupport
import Unaries

extension SafetensorsHeader {
  /// The header of a file with these tensors one after another, and its length before it.
  static func text(
    of tensors: [Safetensors.Tensor], metadata: [String: String]
  ) throws -> [UInt8] {
    var names: Set<String> = ["__metadata__"]
    let notes = metadata.sorted { $0.key < $1.key }.map { quote($0.key) + ":" + quote($0.value) }
    var members = ["\"__metadata__\":{\(notes.joined(separator: ","))}"]
    var offset = 0
    for tensor in tensors {
      guard names.insert(tensor.name).inserted else {
        throw InputError(
          .data, "the tensor \(quoted(tensor.name)) cannot be written twice, or under that name",
          remedy: "rename it")
      }
      let end = offset + tensor.shape.reduce(1, *) * tensor.type.size
      members.append(
        "\(quote(tensor.name)):{\"dtype\":\"\(tensor.type.code)\",\"shape\":"
          + "[\(tensor.shape.map(String.init).joined(separator: ","))],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var text = Array("{\(members.joined(separator: ","))}".utf8)
    // The data begin at a multiple of eight bytes.
    while !text.count.isMultiple(of: lengthSize) { text.append(UInt8(ascii: " ")) }
    return (0..<lengthSize).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
  }

  /// A string as JSON has it.
  private static func quote(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\" + String(scalar)
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
