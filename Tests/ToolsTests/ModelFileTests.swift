import Formats
import Foundation
import LatticeSupport
import MeanField
import TestSupport
import Testing
import ToolSupport

/// Files of models, as crf-tune writes them and as it wrote them before models had terms.
struct ModelFileTests {
  private func write(_ text: String) throws -> (Workspace, String) {
    let workspace = try Workspace()
    try workspace.write(text, as: "own.json")
    return (workspace, workspace.file("own.json"))
  }

  @Test(arguments: CRFModel.presets.compactMap(\.name))
  func whatIsWrittenIsReadBack(name: String) throws {
    let preset = try CRFModel.preset(name)
    let (workspace, path) = try write(preset.json.text())
    #expect(try CRFModel(named: path, context: .files) == preset)
    withExtendedLifetime(workspace) {}
  }

  @Test func whatIsLeftOutHasADefault() throws {
    let (workspace, path) = try write(
      #"{"terms": [{"kernel": {"kind": "bilateral", "spatial": [67, 80], "color": 3}, "#
        + #""compatibility": {"kind": "potts", "weight": 4}}]}"#)
    let model = try CRFModel(named: path, context: .files)
    #expect(model.name == "own" && model.iterations == 10 && model.tolerance == 0)
    #expect(model.filter.kind.name == "permutohedral")
    #expect(model.terms.map(\.description) == ["bilateral:weight=4,spatial=67x80,color=3"])
    withExtendedLifetime(workspace) {}
  }

  private static let gaussian = #""gaussian": {"weight": 3, "spatial": 3}"#
  private static let bilateral = #""bilateral": {"weight": 4, "spatial": 67, "color": 3}"#

  @Test func olderFilesAreStillRead() throws {
    let (workspace, path) = try write(
      #"{"gaussian": {"weight": 0, "spatial": 1.5}, "bilateral": "#
        + #"{"weight": 4, "spatial": [67, 80], "color": 3}, "normalization": "after", "#
        + #""iterations": 7, "name": "street", "source": "crf-tune"}"#)
    let model = try CRFModel(named: path, context: .files)
    #expect(
      model
        == .deepLab(
          name: "street", source: "crf-tune", spatial: (0, 1.5), bilateral: (4, [67, 80], 3),
          iterations: 7, normalization: .after))
    withExtendedLifetime(workspace) {}
  }

  /// A file of the form before terms.
  private static func older(_ members: String...) -> String {
    "{\(members.joined(separator: ", "))}"
  }

  private static let weightless = #""bilateral": {"weight": 4, "spatial": 67}"#
  private static let misspelt = #""bilateral": {"weight": 4, "spacial": 67, "color": 3}"#

  private static let illOlderFiles: [(String, String)] = [
    (older(bilateral), "lacks 'gaussian'"),
    (older(gaussian, #""bilateral": 4"#), "'bilateral' is 4"),
    (older(gaussian, weightless), "the bilateral kernel lacks 'color"),
    (older(gaussian, misspelt), "did you mean 'spatial'"),
    (older(bilateral, #""gaussian": {"weight": "x", "spatial": 3}"#), "'weight' is x"),
    (older(bilateral, #""gaussian": {"weight": 3, "spatial": 0}"#), "above 0"),
    (older(bilateral, #""gaussian": {"weight": 3, "spatial": []}"#), "above 0"),
    (older(bilateral, #""gaussian": {"weight": 1e99, "spatial": 1}"#), "finite"),
    (older(gaussian, bilateral, #""iteration": 5"#), "did you mean 'iterations'"),
    (older(gaussian, bilateral, #""iterations": 2.5"#), "'iterations' is 2.5"),
    (older(gaussian, bilateral, #""iterations": true"#), "'iterations' is true"),
    (older(gaussian, bilateral, #""normalization": "both""#), "'both'"),
    (older(gaussian, bilateral, #""name": 3"#), "'name' is 3"),
    (older(gaussian, bilateral, gaussian), "the key 'gaussian' twice"),
  ]

  /// A model of one term.
  private static func term(_ members: String...) -> String {
    "{\"terms\": [{\(members.joined(separator: ", "))}]}"
  }

  private static let potts = #""compatibility": {"kind": "potts", "weight": 3}"#
  private static let smooth = #""kernel": {"kind": "gaussian", "spatial": 3}"#

  private static let illFiles: [(String, String)] = [
    ("", "JSON"), ("[1]", "JSON object"), ("{}", "lacks 'terms'"),
    (#"{"terms": {}}"#, "'terms' is an object"), (#"{"terms": [3]}"#, "term 0"),
    (term(smooth), "lacks 'compatibility'"), (term(potts), "lacks 'kernel'"),
    (term(#""kernel": {"kind": "gausian"}"#, potts), "did you mean 'gaussian'"),
    (term(#""kernel": {"kind": "gaussian", "spatal": 3}"#, potts), "did you mean 'spatial'"),
    (term(smooth, potts, #""normalisation": "after""#), "did you mean 'normalization'"),
    (term(smooth, potts, #""self": "maybe""#), "'maybe'"),
    (#"{"terms": [], "filter": {"kind": "exakt"}}"#, "did you mean 'exact'"),
    (#"{"terms": [], "solver": "serial"}"#, "'serial'"),
    (#"{"terms": [], "tolerance": -1}"#, "'tolerance' is -1"),
  ]

  @Test(arguments: illOlderFiles + illFiles)
  func illFilesAreRefusedByKey(text: String, says: String) throws {
    let (workspace, path) = try write(text)
    let error = try #require(throws: InputError.self) {
      try CRFModel(named: path, context: .files)
    }
    #expect(error.kind == .data && error.place == path)
    #expect(error.description.contains(says), "\(error)")
    withExtendedLifetime(workspace) {}
  }

  @Test func aNameThatIsNeitherPresetNorFileIsExplained() throws {
    let error = try #require(throws: InputError.self) {
      try CRFModel(named: "crf-rn", context: .files)
    }
    #expect(error.description.contains("did you mean 'crf-rnn'"))
  }
}
