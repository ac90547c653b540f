import Foundation
import LatticeSupport
import MeanField
import Pipeline
import TestSupport
import Testing

import Page

/// Presets, commands and calls that the page makes of a plan.
struct SavingTests {
  private func save(_ browser: Browser, _ plan: Plan, _ name: String) throws -> Browser.Answer {
    try browser.ask(["want": .text("save"), "plan": plan.json, "name": .text(name)])
  }

  @Test func aSavedPresetIsThePlan() throws {
    let folder = try TemporaryFolder()
    var settings = PageSample.settings([PageSample.painted()])
    settings.presets = folder.path
    let browser = Browser(settings)
    #expect(
      try save(browser, PageSample.plan, "mine").json["saved"]?.text == folder.file("mine.json"))
    let text = try String(contentsOfFile: folder.file("mine.json"), encoding: .utf8)
    var model = try CRFModel(json: JSONValue(parsing: text))
    #expect(model.name == "mine")
    (model.name, model.source) = (nil, nil)
    #expect(Plan(model) == PageSample.plan)

    let plan = try Plan(steps: PageSample.plan.steps + Plan(["holes:maximum=9"]).steps)
    // What this page has written, it may write again.
    #expect(try save(browser, plan, "mine").error == nil)
    let other = try String(contentsOfFile: folder.file("mine.json"), encoding: .utf8)
    #expect(try Plan(json: JSONValue(parsing: other)) == plan)
  }

  @Test func nothingElseIsWritten() throws {
    let folder = try TemporaryFolder()
    var settings = PageSample.settings([PageSample.painted()])
    #expect(try save(Browser(settings), PageSample.plan, "mine").error != nil)
    settings.presets = folder.path
    let browser = Browser(settings)
    try "kept".write(toFile: folder.file("old.json"), atomically: false, encoding: .utf8)
    for name in [
      "old", "../mine", "a/b", "", ".hidden", "1", String(repeating: "a", count: 65), "a\n",
    ] {
      #expect(try save(browser, PageSample.plan, name).error != nil, "\(name)")
    }
    #expect(try String(contentsOfFile: folder.file("old.json"), encoding: .utf8) == "kept")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["old.json"])
  }

  private func texts(_ plan: Plan) throws -> JSONValue {
    try Browser(PageSample.settings([PageSample.painted()]))
      .ask(["want": .text("texts"), "image": .number(0), "plan": plan.json]).json
  }

  @Test func oneCRFIsACommandOfKernels() throws {
    let command = try #require(try texts(PageSample.plan)["command"]?.text)
    #expect(
      command == "crf-refine --unary 'my scores' --image images "
        + "--kernel gaussian:weight=3,spatial=3 --kernel bilateral:weight=4,spatial=20,color=10 "
        + "--iterations 3 --output refined")
  }

  @Test func otherPlansAreFilesOfACommand() throws {
    let plan = try Plan(steps: PageSample.plan.steps + Plan(["majority:radius=2"]).steps)
    let command = try #require(try texts(plan)["command"]?.text)
    let lines = command.split(separator: "\n").map(String.init)
    #expect(lines.first == "cat > plan.json <<'END'")
    let end = try #require(lines.firstIndex(of: "END"))
    let json = try JSONValue(parsing: lines[1..<end].joined(separator: "\n"))
    #expect(try Plan(json: json) == plan)
    #expect(lines.last?.hasSuffix("--preset plan.json --output refined") == true)
  }

  @Test func aCallInPythonHasThePlanAsPythonWritesIt() throws {
    let plan = try Plan(["holes:maximum=9,open=yes"])
    let python = try #require(try texts(plan)["python"]?.text)
    #expect(python.contains(#"plan={"steps": [{"kind": "holes", "maximum": 9, "open": True}]}"#))
    #expect(python.contains(#"numpy.load("scores.npy")"#))
  }
}
