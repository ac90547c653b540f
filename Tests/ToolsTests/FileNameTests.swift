import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Files whose names are not UTF-8, as archives from other systems leave them.
struct FileNameTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace.sample() }

  private static func text(_ bytes: [UInt8]) -> String { String(systemPath: bytes) }

  /// 中文 in GBK, Straße in Latin-1, the same in UTF-8, a lone continuation byte.
  private static let stems = [
    text([0xD6, 0xD0, 0xCE, 0xC4]), text(Array("Stra".utf8) + [0xDF] + Array("e".utf8)), "Straße",
    text([0x80]),
  ]

  private func names(_ folder: String) throws -> [String] {
    try FolderListing.names(in: workspace.file(folder))
  }

  /// Folders of the same image and scores under all names.
  private func makeFolders() throws {
    try workspace.makeFolders("images", "scores")
    for stem in Self.stems {
      try workspace.writeImage("images/\(stem).png")
      try workspace.writeScores("scores/\(stem).npy")
    }
  }

  @Test("folders: files are matched, and outputs have their names, byte for byte")
  func folders() throws {
    try makeFolders()
    let run = try workspace.run(
      "--unary", "scores", "--image", "images", "--output", "out", "--overlay", "over")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("files    4 refined"))
    #expect(run.errors.contains("\\xD6\\xD0\\xCE\\xC4.npy: "), "\(run.errors)")
    #expect(run.errors.contains("Stra\\xDFe.npy: ") && run.errors.contains("Straße.npy: "))
    for folder in ["out", "over"] {
      #expect(Set(try names(folder)) == Set(Self.stems.map { $0 + ".png" }))
    }
    let again = try workspace.run(
      "--unary", "scores", "--image", "images", "--output", "out", "--overlay", "over", "--resume",
      "--json")
    let report = try JSONDecoder().decode(AnyJSON.self, from: Data(again.output.utf8))
    // U+10F700 and the byte stand for a byte that is not UTF-8.
    #expect(report["skipped"].elements.compactMap(\.string).contains("scores/\u{10F780}.npy"))
    #expect(
      Set(report["skipped"].elements.compactMap(\.string))
        == Set(Self.stems.map { "scores/\($0).npy" }))
  }

  @Test("options: inputs and outputs of any name", arguments: stems)
  func options(_ stem: String) throws {
    try workspace.makeFolders("in", "out")
    try workspace.writeImage("in/\(stem).png")
    try workspace.writeScores("in/\(stem).npy")
    let run = try workspace.run(
      "--unary", "in/\(stem).npy", "--image", "in/\(stem).png", "--output", "out/\(stem).png")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("out/" + SystemPath.readable(stem) + ".png"), "\(run.output)")
    #expect(try names("out") == [stem + ".png"])
  }

  @Test("a folder of such a name takes results, and one that is missing is named by its bytes")
  func foldersOfSuchNames() throws {
    let folder = Self.stems[1]
    try workspace.makeFolders("plain")
    try workspace.writeScores("plain/a.npy")
    try workspace.writeImage("plain/a.png")
    let run = try workspace.run(
      "--unary", "plain", "--image", "plain", "--output", "\(folder)/in/\(folder)", "--quiet")
    #expect(run.status == 0, "\(run.errors)")
    #expect(try names("\(folder)/in/\(folder)") == ["a.png"])

    let absent = try workspace.run(
      "--unary", "scores.npy", "--image", "\(Self.stems[0]).png", "--output", "o.png")
    #expect(absent.status == 66)
    #expect(
      absent.errors.hasPrefix("crf-refine: \\xD6\\xD0\\xCE\\xC4.png: cannot be opened"),
      "\(absent.errors)")
    let unknown = try workspace.run("--unari", Self.stems[0])
    #expect(unknown.status == 64 && !unknown.errors.contains("\u{10F7D6}"), "\(unknown.errors)")
  }

  @Test("archives of such a name are read")
  func archives() throws {
    let name = Self.stems[0] + ".npz"
    // The smallest archive: no member.
    let empty: [UInt8] = [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18)
    try AtomicOutput.write(to: workspace.file(name)) { try $0.write(empty) }
    let run = try workspace.run("--unary", name, "--image", "image.png", "--output", "o.png")
    #expect(run.status == 65 && run.errors.contains("\\xD6\\xD0\\xCE\\xC4.npz: "), "\(run.errors)")
    #expect(!run.errors.contains("opened"), "\(run.errors)")
  }

  @Test("lists of a data set name files by their bytes, and say so where there are none")
  func lists() throws {
    try workspace.makeFolders("set/images", "set/labels")
    try workspace.write("ground\ndisc\nband\n", as: "set/classes.txt")
    let stem = Self.stems[1]
    try workspace.writeImage("set/images/\(stem).png")
    try workspace.writeTruth("set/labels/\(stem).png")
    let name = Array("Stra".utf8) + [0xDF] + Array("e.png".utf8)
    let line = Array("images/".utf8) + name + Array(" labels/".utf8) + name + [0x0A]
    try AtomicOutput.write(to: workspace.file("set/latin.txt")) { try $0.write(line) }
    func check() throws -> Command {
      try Command.run(
        ["dataset", "check", "set", "--split", "set/latin.txt"], of: "deeplab", in: workspace)
    }
    let run = try check()
    #expect(run.status == 0, "\(run.output) \(run.errors)")
    try workspace.writeImage("set/images/Straße.png")
    _ = (workspace.file("set/images/\(stem).png")).withSystemPath { unlink($0) }
    let absent = try check()
    #expect(absent.status != 0)
    #expect((absent.output + absent.errors).contains("Stra\\xDFe.png"), "\(absent.errors)")
  }

  @Test("training and evaluation go through with such names", .drawsFigures)
  func training() throws {
    let stems = Self.stems
    let workspace = try TrainingSet.workspace(stems)
    let folder = "r" + stems[0]
    let options = ["--set", "steps=4"]
    let run = try Command.run(
      TrainingSet.arguments + options + ["--output", folder], of: "deeplab", in: workspace)
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      try FolderListing.names(in: workspace.file(folder))
        == ["log.jsonl", "loss.png", "state.safetensors", "weights.safetensors"])
    let evaluated = try Command.run(
      ["evaluate", "--data", "set", "--weights", folder + "/weights.safetensors"], of: "deeplab",
      in: workspace)
    #expect(evaluated.status == 0, "\(evaluated.errors)")
    let segmented = try Command.run(
      [
        "segment", "--weights", folder + "/weights.safetensors", "--image", "set/images",
        "--labels", "out",
      ], of: "deeplab", in: workspace)
    #expect(segmented.status == 0, "\(segmented.errors)")
    #expect(
      Set(try FolderListing.names(in: workspace.file("out"))) == Set(stems.map { $0 + ".png" }))
  }
}
