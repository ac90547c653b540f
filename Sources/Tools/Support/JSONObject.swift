import Foundation
import LatticeSupport

/// Objects as this package's programs write them.
package enum JSONObject {
  /// JSON of several lines, with its members sorted.
  package static func text(of object: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(object), as: UTF8.self)
  }

  /// Writes the object to a file, which appears whole or not at all.
  package static func write(_ object: some Encodable, to path: String) throws {
    let text = try text(of: object) + "\n"
    try AtomicOutput.write(to: path) { try $0.write(text) }
  }
}
