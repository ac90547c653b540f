import Evaluation
import Formats
import LatticeSupport
import Testing
import Unaries

@Suite("Files that belong together by their stems")
struct FolderMatchTests {
  private let folder: DatasetFolder

  init() throws { folder = try DatasetFolder() }

  private func match(areLabels: Bool = false) throws -> FolderMatch {
    try FolderMatch(
      scores: folder.file("scores"), images: folder.file("images"),
      groundTruth: folder.file("truth"), areLabels: areLabels, called: "the scores")
  }

  @Test("are found whatever case their endings are in, and in the order of names")
  func found() throws {
    for name in ["b-1", "b", "a"] { try folder.write("", as: "scores/\(name).npy") }
    try folder.write("notes", as: "scores/notes.txt")
    for name in ["a.PNG", "b.jpeg", "b-1.jpg"] { try folder.writeImage("images/\(name)") }
    for name in ["a", "b", "b-1"] { try folder.writeLabels("truth/\(name).png") }
    let match = try match()
    #expect(match.entries.map(\.name) == ["a.npy", "b-1.npy", "b.npy"])
    #expect(match.entries.allSatisfy { $0.error == nil })
    #expect(
      match.entries.map { $0.companions["image"] }
        == ["a.PNG", "b-1.jpg", "b.jpeg"].map {
          folder.file("images/\($0)")
        })
    #expect(match.entries[1].companions["ground truth"] == folder.file("truth/b-1.png"))
    #expect(match.passed.names == ["notes.txt"])
  }

  @Test("are missing, or too many, for one file and not for the others")
  func errors() throws {
    for name in ["a.npy", "a.npz", "b.npy", "c.npy", "d.npy"] {
      try folder.write("", as: "scores/\(name)")
    }
    for name in ["a.png", "b.png", "b.jpg", "d.png"] { try folder.writeImage("images/\(name)") }
    try folder.write("GIF89a", as: "images/c.gif")
    for name in ["a", "b", "c", "d"] { try folder.writeLabels("truth/\(name).png") }
    let errors = try match().entries.map { $0.error?.description ?? "" }
    #expect(errors[0].isEmpty && errors[4].isEmpty, "\(errors)")
    #expect(errors[1].contains("has the same stem as 'a.npy'"), "\(errors[1])")
    #expect(errors[2].contains("has 2 files 'b' for its image"), "\(errors[2])")
    #expect(errors[3].contains("'c.gif' is there, which seems to be a GIF image"), "\(errors[3])")
  }

  @Test("are looked for in folders, which the error names")
  func noFolders() throws {
    try folder.write("", as: "scores/a.npy")
    try folder.write("", as: "images")
    #expect(throws: InputError.self) { try match() }
    let error = try #require(throws: InputError.self) {
      try FolderMatch(folder.file("scores"), endings: ["png"], called: "the scores")
    }
    #expect(error.description.contains("holds no files ending in .png"), "\(error)")
  }

  @Test("A folder that is not there holds nothing, or is an error")
  func missing() throws {
    #expect(try FolderIndex(folder.file("none"), endings: ["png"]).stems.isEmpty)
    #expect(throws: InputError.self) {
      try FolderIndex(folder.file("none"), endings: ["png"], mayBeMissing: false)
    }
  }

  private func framesText(_ names: String...) throws -> String {
    for name in names { try folder.write("", as: "frames/\(name).npy") }
    let match = try FolderMatch(
      folder.file("frames"), endings: ["npy"], called: "the frames")
    do {
      return try match.inOrderOfFrames().entries.map(\.stem).joined(separator: " ")
    } catch let error as InputError {
      return "\(error)"
    }
  }

  @Test("are put into the order of their numbers, whatever the step and the zeros in front")
  func frames() throws {
    #expect(try framesText("f12", "f9", "f10", "f11", "f08") == "f08 f9 f10 f11 f12")
  }

  @Test("have any step, and words behind their numbers")
  func steps() throws {
    #expect(
      try framesText("0001TP_000060_L", "0001TP_000090_L", "0001TP_000030_L")
        == "0001TP_000030_L 0001TP_000060_L 0001TP_000090_L")
  }

  @Test(
    "are no sequence where numbers or names do not fit, which names the file",
    arguments: [
      (["f1", "f2", "f4"], "f4.npy", "frame 3 is missing"),
      (["f1", "f01"], "f", "the same number"),
      (["a1", "b2"], "b2.npy", "called otherwise"), (["a1", "b"], "b.npy", "no number"),
      (["1a", "2b"], "2b.npy", "called otherwise"),
    ])
  func gaps(names: [String], file: String, problem: String) throws {
    for name in names { try folder.write("", as: "frames/\(name).npy") }
    let text = try framesText()
    #expect(text.hasPrefix(folder.file("frames/\(file)")) && text.contains(problem), "\(text)")
  }
}
