import Foundation
import TestSupport
import Testing

/// Folders that several jobs work on together, and their reports as one.
struct ShardRunTests {
  private func folders() throws -> Workspace {
    let workspace = try Workspace()
    try workspace.makeFolders("scores", "images", "truth")
    for (index, name) in ["a", "b", "c", "d", "e"].enumerated() {
      try workspace.writeScores("scores/\(name).npy", scaled: Float(index + 1))
      try workspace.writeImage("images/\(name).png")
      try workspace.writeTruth("truth/\(name).png")
    }
    return workspace
  }

  private static let arguments = [
    "--unary", "scores", "--image", "images", "--output", "labels", "--ground-truth", "truth",
    "--trimap", "1,3", "--json", "--quiet",
  ]

  private func json(_ text: String) throws -> AnyJSON {
    try JSONDecoder().decode(AnyJSON.self, from: Data(text.utf8))
  }

  @Test("shards refine each file once, and their merged report is that of one run")
  func refine() throws {
    let workspace = try folders()
    for number in [2, 3, 1] {
      let run = try workspace.run(Self.arguments + ["--shard", "\(number)/3"])
      #expect(run.status == 0, "\(run.errors)")
      try workspace.write(run.output, as: "\(number).json")
      #expect(try json(run.output)["files"].elements.count == (number == 3 ? 1 : 2))
    }
    #expect(
      try workspace.contents("labels") == ["a.png", "b.png", "c.png", "d.png", "e.png"])
    let merged = try workspace.run(["merge-reports", "3.json", "1.json", "2.json"])
    #expect(merged.status == 0, "\(merged.errors)")
    let whole = try workspace.run(Self.arguments)
    let (found, expected) = (try json(merged.output), try json(whole.output))
    #expect(found["evaluation"]["pixels"].number != nil)
    // The same text, for the same numbers.
    #expect(found["evaluation"] == expected["evaluation"])
    #expect(found["share"] == .null)
    func names(_ report: AnyJSON) -> [String?] {
      report["files"].elements.map { $0["unary"].string }
    }
    #expect(names(found) == names(expected))
  }

  @Test("a shard that is run again skips what is there, and reports add up all the same")
  func resume() throws {
    let workspace = try folders()
    let arguments = [
      "--unary", "scores", "--image", "images", "--output", "labels", "--json", "--quiet",
      "--resume",
    ]
    // As a job leaves it that was killed between two files.
    try workspace.makeFolders("labels")
    try workspace.write("done", as: "labels/a.png")
    for number in 1...2 {
      let run = try workspace.run(arguments + ["--shard", "\(number)/2"])
      #expect(run.status == 0, "\(run.errors)")
      try workspace.write(run.output, as: "\(number).json")
    }
    let merged = try json(workspace.run(["merge-reports", "1.json", "2.json"]).output)
    #expect(merged["skipped"].elements.map(\.string) == ["scores/a.npy"])
    #expect(merged["files"].elements.count == 4)
    #expect(workspace.bytes("labels/a.png") == Data("done".utf8))
  }

  @Test("reports that are missing, there twice, of other runs or no shard's are refused")
  func refused() throws {
    let workspace = try folders()
    func report(_ name: String, _ more: String...) throws {
      let run = try workspace.run(Self.arguments + more)
      #expect(run.status == 0, "\(run.errors)")
      try workspace.write(run.output, as: name)
    }
    try report("1.json", "--shard", "1/2")
    try report("2.json", "--shard", "2/2")
    try report("other.json", "--shard", "2/2", "--iterations", "2")
    try report("third.json", "--shard", "2/3")
    try report("whole.json")
    let cases: [([String], Int32, String)] = [
      (["1.json"], 66, "no report of shard 2 of 2"),
      (["1.json", "1.json", "2.json"], 65, "is of shard 1, and so is"),
      (["1.json", "other.json"], 65, "something else of 'parameters'"),
      (["1.json", "third.json"], 65, "is one of 3 shards"),
      (["whole.json"], 65, "not the report of a shard"),
      (["nothing.json"], 66, "cannot be opened"),
      (["scores/a.npy"], 65, "scores/a.npy"),
    ]
    for (files, status, words) in cases {
      let run = try workspace.run(["merge-reports"] + files)
      #expect(run.status == status && run.errors.contains(words), "\(files): \(run.errors)")
    }
    let single = try workspace.run(
      "--unary", "scores/a.npy", "--image", "images/a.png", "--output", "a.png", "--shard", "1/2")
    #expect(single.status == 64 && single.errors.contains("there is one file"))
    let wrong = try workspace.run(Self.arguments + ["--shard", "0/2"])
    #expect(wrong.status == 64 && wrong.errors.contains("count from 1"))
  }

  @Test("shards of an evaluation come to the confusion counts of the whole")
  func evaluate() throws {
    let workspace = try folders()
    try workspace.makeFolders("set")
    for name in ["images", "truth"] {
      try FileManager.default.moveItem(
        atPath: workspace.file(name),
        toPath: workspace.file(name == "truth" ? "set/labels" : "set/images"))
    }
    try workspace.write("ground\ndisc\nband\n", as: "set/classes.txt")
    func evaluate(_ arguments: String...) throws -> Command {
      try Command.run(
        ["evaluate", "--data", "set", "--scores", "scores", "--json", "--quiet"] + arguments,
        of: "deeplab", in: workspace)
    }
    for number in 1...2 {
      let run = try evaluate("--shard", "\(number)/2")
      #expect(run.status == 0, "\(run.errors)")
      try workspace.write(run.output, as: "\(number).json")
    }
    let merged = try Command.run(
      ["merge-reports", "1.json", "2.json"], of: "deeplab", in: workspace)
    #expect(merged.status == 0, "\(merged.errors)")
    let (found, expected) = (try json(merged.output), try json(evaluate().output))
    for key in ["evaluation", "confusion", "absent", "data"] {
      #expect(found[key] == expected[key], "\(key)")
    }
    #expect(found["data"]["images"].number == 5)
    let many = try evaluate("--shard", "1/6")
    #expect(many.status == 64 && many.errors.contains("5 photographs cannot be shared among 6"))
  }
}
