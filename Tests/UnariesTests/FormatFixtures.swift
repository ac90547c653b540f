import Foundation
import TestSupport
import Testing

/// The files of `fixtures/formats`, as their index lists them.
struct FormatFixture: Decodable, CustomTestStringConvertible {
  var file: String
  var role: String
  var expected: String
  var options: String?
  var equals: String?
  var mask: String?
  var tolerance: Float?
  var lenient: Bool?
  var kind: String?

  var testDescription: String { "\(file) as \(role)\(options.map { ", \($0)" } ?? "")" }
  var path: String { Self.path(file) }

  static func path(_ name: String) -> String { Shared.fixture("formats/" + name) }

  static let all: [FormatFixture] = {
    struct Index: Decodable { var files: [FormatFixture] }
    let data = FileManager.default.contents(atPath: path("index.json")) ?? Data()
    return (try? JSONDecoder().decode(Index.self, from: data))?.files ?? []
  }()

  static func inFolders(_ folders: String...) -> [FormatFixture] {
    all.filter { fixture in folders.contains { fixture.file.hasPrefix($0 + "/") } }
  }
}
