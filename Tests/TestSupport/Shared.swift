import Foundation
import Testing

/// Golden cases and data that live beside the project, not in it; tests that need them are skipped
/// where they are absent.
package enum Shared {
  /// The project's own folder.
  package static let projectRoot: String = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(3).joined(separator: "/")
  }()

  /// The folder of shared material: `../shared` seen from the project.
  package static let root = projectRoot + "/../shared"

  /// The path of a fixture, such as `crf/a4_stepwise/case.json`.
  package static func fixture(_ path: String) -> String { root + "/fixtures/" + path }

  /// The path of a data file, such as `camvid-logits/names.txt`.
  package static func data(_ path: String) -> String { root + "/data/" + path }

  /// Whether the shared material is there.
  package static let isPresent = FileManager.default.fileExists(
    atPath: root + "/fixtures/README.md")

  /// Why a test was skipped.
  package static let absence: Comment =
    "skipped: ../shared (golden cases) is not beside the project"
}
