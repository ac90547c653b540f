import Foundation
import LatticeSupport
import MeanField
import ToolSupport

/// One JSON object on standard output.
struct JSONReport {
  let settings: Settings

  init(_ settings: Settings) { self.settings = settings }

  func print(_ outcome: Outcome) throws {
    try StandardOutput.print(
      json: JSONSingle(parameters: JSONParameters(settings), file: JSONFile(outcome, settings)))
  }

  func print(refined: [Outcome], _ run: FolderRun, evaluation: EvaluationCounts?) throws {
    try StandardOutput.print(
      json: JSONFolder(
        parameters: JSONParameters(settings), files: refined.map { JSONFile($0, settings) },
        skipped: run.skipped, failed: run.failed, passedOver: run.passed,
        evaluation: evaluation.map { JSONEvaluation($0, names: settings.palette.names) }))
  }
}

/// What is printed for one file: the parameters, and the file's own members beside them.
struct JSONSingle: Encodable {
  var version = Version.current
  var parameters: JSONParameters
  var warnings = WarningReport.all.map(\.description)
  var file: JSONFile

  private enum CodingKeys: CodingKey { case version, parameters, warnings }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(version, forKey: .version)
    try container.encode(parameters, forKey: .parameters)
    try container.encode(warnings, forKey: .warnings)
    try file.encode(to: encoder)
  }
}

/// What is printed for a folder.
struct JSONFolder: Encodable {
  var version = Version.current
  var parameters: JSONParameters
  var warnings = WarningReport.all.map(\.description)
  var files: [JSONFile]
  var skipped: [String]
  var failed: [FolderRun.Failure]
  /// Files beside the others, of kinds that are not meant.
  var passedOver: [String]
  var evaluation: JSONEvaluation?
}
