import Foundation
import MeanField
import Support
import ToolSupport

/// One JSON object on standard output.
struct JSONReport {
  let settings: Settings

  init(_ settings: Settings) { self.settings = settings }

  func print(_ outcome: Outcome) throws {
    try StandardOutput.print(
      json: JSONSingle(parameters: parameters(outcome), file: JSONFile(outcome, settings)))
  }

  func print(
    refined: [Outcome], skipped: [String], failed: [JSONFailure], evaluation: Evaluation?
  ) throws {
    try StandardOutput.print(
      json: JSONFolder(
        parameters: parameters(refined.first), files: refined.map { JSONFile($0, settings) },
        skipped: skipped, failed: failed,
        evaluation: evaluation.map { JSONEvaluation($0, settings.palette) }))
  }

  private func parameters(_ outcome: Outcome?) -> JSONParameters {
    JSONParameters(settings, labelCount: outcome?.labelCount)
  }

}

/// What is printed for one file: the parameters, and the file's own members beside them.
struct JSONSingle: Encodable {
  var version = Version.current
  var parameters: JSONParameters
  var file: JSONFile

  private enum CodingKeys: CodingKey { case version, parameters }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(version, forKey: .version)
    try container.encode(parameters, forKey: .parameters)
    try file.encode(to: encoder)
  }
}

/// What is printed for a folder.
struct JSONFolder: Encodable {
  var version = Version.current
  var parameters: JSONParameters
  var files: [JSONFile]
  var skipped: [String]
  var failed: [JSONFailure]
  var evaluation: JSONEvaluation?
}

/// A pair that could not be refined.
struct JSONFailure: Encodable {
  var file: String
  var error: String
  var exitCode: Int32
}
