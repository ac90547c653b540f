import Foundation

/// Any JSON, for fixtures whose parts differ from case to case.
package indirect enum AnyJSON: Decodable, Equatable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([AnyJSON])
  case object([String: AnyJSON])

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([AnyJSON].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: AnyJSON].self))
    }
  }

  /// The contents of a file.
  package static func read(_ path: String) throws -> AnyJSON {
    try JSONDecoder().decode(AnyJSON.self, from: Data(contentsOf: URL(filePath: path)))
  }

  package subscript(key: String) -> AnyJSON {
    if case .object(let members) = self { members[key] ?? .null } else { .null }
  }

  package var number: Double? { if case .number(let value) = self { value } else { nil } }
  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var elements: [AnyJSON] { if case .array(let values) = self { values } else { [] } }
  package var numbers: [Double] { elements.compactMap(\.number) }
}
