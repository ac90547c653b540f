import Formats
import Foundation
import TestSupport
import Testing
import Unaries

/// The hostile files, from the command line.
@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct BadFilesTests {
  struct BadFile: Decodable, CustomTestStringConvertible {
    var file: String
    var role: String
    var expected: String
    var lenient: Bool?
    var check: String?

    var testDescription: String { file }

    static let all: [BadFile] = {
      struct Index: Decodable { var files: [BadFile] }
      let data = FileManager.default.contents(atPath: Shared.fixture("bad/index.json")) ?? Data()
      return (try? JSONDecoder().decode(Index.self, from: data))?.files ?? []
    }()

    /// What the command says, given the file in its role.
    var arguments: [String] {
      let path = Shared.fixture("bad/" + file)
      let (scores, image) = (Shared.fixture("bad/ok.npy"), Shared.fixture("bad/ok.png"))
      return switch role {
      case "logits": ["--unary", path, "--image", image]
      case "image": ["--unary", scores, "--image", path]
      default: ["--unary", path, "--unary-kind", "labels", "--labels", "3", "--image", image]
      }
    }
  }

  /// Bytes and seconds that no file may make the program take.
  private static let mostMemory = 200_000_000
  private static let mostSeconds = 2.0

  @Test(arguments: BadFile.all)
  func everyFileIsAcceptedOrRefusedAsListed(file: BadFile) throws {
    let workspace = try Workspace()
    let run = try workspace.run(
      file.arguments + ["--output", "labels.png", "--marginals", "q.npy", "--quiet"],
      measuresMemory: true)
    #expect(run.signal == nil)
    #expect(run.seconds < Self.mostSeconds)
    #expect(try #require(run.peakMemory) < Self.mostMemory)
    if file.lenient != true {
      #expect((run.status == 0) == (file.expected == "accept"), "\(run.errors)")
    }
    if run.status == 0 {
      #expect(run.errors.isEmpty)
      // Nothing but what was asked for: no pickle was run, no member extracted.
      #expect(try workspace.contents() == ["labels.png", "q.npy"])
      try check(NPY.read(workspace.file("q.npy")), file)
    } else {
      #expect([65, 66].contains(run.status))
      #expect(run.errors.contains(file.file))
      #expect(run.errors.contains("; "), "no remedy: \(run.errors)")
      #expect(try workspace.contents().isEmpty)
    }
  }

  /// What is read a part at a time is refused for the same reasons, and leaves as little behind.
  @Test(arguments: BadFile.all)
  func tilesAcceptAndRefuseTheSame(file: BadFile) throws {
    let workspace = try Workspace()
    let run = try workspace.run(
      file.arguments + [
        "--output", "labels.png", "--marginals", "q.npy", "--tile", "6x4", "--overlap", "2",
        "--quiet",
      ], measuresMemory: true)
    #expect(run.signal == nil)
    #expect(run.seconds < Self.mostSeconds)
    #expect(try #require(run.peakMemory) < Self.mostMemory)
    if file.lenient != true {
      #expect((run.status == 0) == (file.expected == "accept"), "\(run.errors)")
    }
    #expect([0, 65, 66].contains(run.status), "\(run.errors)")
    let outputs = run.status == 0 ? ["labels.png", "q.npy"] : []
    #expect(try workspace.contents() == outputs)
  }

  @Test func theListIsThere() {
    #expect(BadFile.all.count > 90)
  }

  private func check(_ marginals: NumericArray, _ file: BadFile) throws {
    let labels = marginals.shape[0]
    let points = marginals.values.count / labels
    for point in 0..<points {
      let row = (0..<labels).map { marginals.values[$0 * points + point] }
      #expect(abs(row.reduce(0, +) - 1) < 1e-5)
      if file.file == "constant.npy" {
        #expect(row.allSatisfy { abs($0 - 1 / Float(labels)) < 1e-6 })
      }
    }
  }
}
