import Foundation
import MeanField
import LatticeSupport
import TestSupport
import Testing
import ToolSupport

struct PresetFileTests {
  private func write(_ text: String) throws -> (Workspace, String) {
    let workspace = try Workspace()
    try workspace.write(text, as: "own.json")
    return (workspace, workspace.file("own.json"))
  }

  @Test(arguments: Preset.all.map(\.name))
  func whatIsWrittenIsReadBack(name: String) throws {
    let workspace = try Workspace()
    let preset = try Preset.named(name)
    let path = workspace.file("preset.json")
    try PresetFile.write(preset, to: path)
    let read = try Preset(option: path)
    #expect(read.name == preset.name && read.source == preset.source)
    #expect(read.kernels.map(\.description) == preset.kernels.map(\.description))
    #expect(read.iterations == preset.iterations)
    #expect(read.normalization == preset.normalization)
  }

  @Test func whatIsLeftOutHasADefault() throws {
    let (workspace, path) = try write(
      #"{"gaussian": {"weight": 0, "spatial": 1.5}, "bilateral": "#
        + #"{"weight": 4, "spatial": [67, 80], "color": 3}}"#)
    let preset = try PresetFile.read(path)
    #expect(preset.name == "own" && preset.iterations == 10)
    #expect(preset.normalization == .symmetric)
    #expect(preset.bilateral.spatialSigma == [67, 80])
    withExtendedLifetime(workspace) {}
  }

  private static let gaussian = #""gaussian": {"weight": 3, "spatial": 3}"#
  private static let bilateral = #""bilateral": {"weight": 4, "spatial": 67, "color": 3}"#

  @Test(arguments: [
    ("", "JSON object"), ("[1]", "JSON object"), ("{" + bilateral + "}", "lacks 'gaussian'"),
    ("{" + gaussian + ", \"bilateral\": 4}", "'bilateral' is 4"),
    (
      "{" + gaussian + #", "bilateral": {"weight": 4, "spatial": 67}}"#,
      "'bilateral' lacks 'color'"
    ),
    (
      "{" + gaussian + #", "bilateral": {"weight": 4, "spacial": 67, "color": 3}}"#,
      "did you mean 'spatial'"
    ),
    (
      "{" + bilateral + #", "gaussian": {"weight": "3", "spatial": 3}}"#,
      "'weight': the text '3'"
    ),
    ("{" + bilateral + #", "gaussian": {"weight": 3, "spatial": 0}}"#, "above 0"),
    ("{" + bilateral + #", "gaussian": {"weight": 3, "spatial": []}}"#, "above 0"),
    ("{" + bilateral + #", "gaussian": {"weight": 1e99, "spatial": 1}}"#, "finite"),
    (
      "{" + gaussian + ", " + bilateral + #", "iteration": 5}"#, "did you mean 'iterations'"
    ),
    ("{" + gaussian + ", " + bilateral + #", "iterations": 2.5}"#, "'iterations' is 2.5"),
    ("{" + gaussian + ", " + bilateral + #", "iterations": true}"#, "'iterations' is true"),
    ("{" + gaussian + ", " + bilateral + #", "normalization": "both"}"#, "'both'"),
    ("{" + gaussian + ", " + bilateral + #", "name": 3}"#, "'name' is 3"),
  ])
  func illFilesAreRefusedByKey(text: String, says: String) throws {
    let (workspace, path) = try write(text)
    let error = try #require(throws: InputError.self) { try PresetFile.read(path) }
    #expect(error.kind == .data && error.place == path)
    #expect(error.description.contains(says), "\(error)")
    withExtendedLifetime(workspace) {}
  }

  @Test func aNameThatIsNeitherPresetNorFileIsExplained() throws {
    let error = try #require(throws: InputError.self) { try Preset(option: "crf-rn") }
    #expect(error.description.contains("did you mean 'crf-rnn'"))
  }
}
