import Foundation
import Testing

/// `crf-tune serve` before it serves; Tests/Browser has the page itself.
struct ServeTests {
  private func run(_ arguments: [String], in workspace: Workspace) throws -> Command {
    try Command.run(["serve"] + arguments, of: "crf-tune", in: workspace)
  }

  @Test func helpNamesEveryOption() throws {
    let workspace = try Workspace()
    let help = try run(["--help"], in: workspace)
    #expect(help.status == 0)
    for option in [
      "unary", "image", "ground-truth", "unary-kind", "void", "step", "preset", "palette",
      "trimap-width", "presets", "host", "port", "token", "threads", "plugin",
    ] {
      #expect(["--\(option) ", "--\(option), "].contains(where: help.output.contains), "\(option)")
    }
    #expect(help.output.contains("USAGE: crf-tune serve --unary"))
    let all = try Command.run(["--help"], of: "crf-tune", in: workspace)
    #expect(all.output.contains("serve") && all.output.contains("--tune"))
  }

  @Test(arguments: [
    (["--image", "image.png"], "--unary: is missing", 64),
    (["--unary", "scores.npy"], "--image: is missing", 64),
    (["--token", "short"], "--token: is not 16", 64),
    (["--port", "70000"], "--port: is 70000", 64),
    (["--host", "nowhere"], "nowhere: is not the address", 64),
    (["--presets", "missing"], "--presets: is 'missing'", 73),
    (["--trimap-width", "0"], "--trimap-width: is 0", 64),
    (["--preset", "densecrf", "--step", "crf"], "--preset: is given", 64),
    (["--preset", "densecrd"], "--preset", 64),
  ])
  func whatCannotBeServedIsSaid(arguments: [String], words: String, status: Int32) throws {
    let isWhole = !words.hasSuffix("is missing")
    let inputs = isWhole ? ["--unary", "scores.npy", "--image", "image.png"] : []
    let refused = try run(inputs + arguments, in: Workspace.sample())
    #expect(refused.status == status, "\(refused.errors)")
    #expect(refused.errors.hasPrefix("crf-tune: "))
    #expect(refused.errors.contains(words), "\(refused.errors)")
    #expect(refused.output.isEmpty)
  }
}
