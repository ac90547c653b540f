import enum FlyingFox.WSMessage
import Foundation
import LatticeSupport

/// What the page is told: JSON, and bytes behind it where there are any.
///
/// As a message: the length of the JSON, 32 bits with the low byte first; the JSON, with blanks
/// behind it to a multiple of four; the parts, in the order in which the JSON lists their names and
/// lengths.
struct Reply: Sendable {
  private var members: [JSONValue.Member]
  private var parts: [(name: String, bytes: [UInt8])] = []

  /// - Parameter request: the number of the request that is answered.
  /// - Parameter members: what there is to say.
  init(to request: JSONValue?, _ members: KeyValuePairs<String, JSONValue?>) {
    self.members = [.init("number", request ?? .null)]
    self.members += JSONValue.object(members).members ?? []
  }

  mutating func add(_ name: String, _ bytes: [UInt8]) { parts.append((name, bytes)) }

  var message: WSMessage {
    guard !parts.isEmpty else { return .text(JSONValue.object(members).compactText) }
    let list = parts.map { part in
      JSONValue.object(["name": .text(part.name), "bytes": .number(part.bytes.count)])
    }
    var header = Array(JSONValue.object(members + [.init("parts", .list(list))]).compactText.utf8)
    header += [UInt8](repeating: 0x20, count: (4 - header.count % 4) % 4)
    var data = Data(capacity: 4 + header.count + parts.reduce(0) { $0 + $1.bytes.count })
    for shift in [0, 8, 16, 24] { data.append(UInt8(truncatingIfNeeded: header.count >> shift)) }
    data.append(contentsOf: header)
    for part in parts { data.append(contentsOf: part.bytes) }
    return .data(data)
  }
}
