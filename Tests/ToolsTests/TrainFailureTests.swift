import Formats
import Foundation
import Testing
import Unaries

/// What `deeplab train` leaves behind where something goes wrong on the way.
@Suite("deeplab train: failures") struct TrainFailureTests {
  private let workspace: Workspace

  init() throws {
    workspace = try TrainingSet.workspace((0..<9).map { "p\($0)" })
  }

  private func run(_ arguments: [String], fileLimit: Int? = nil) throws -> Command {
    try Command.run(arguments, of: "deeplab", in: workspace, fileLimit: fileLimit)
  }

  /// In the first order of the nine it comes neither first nor last: a step before it is done.
  private static let victim = "p0"

  @Test("a file that cannot be used and a full disk are named; the last good state goes on")
  func story() throws {
    let steps = ["--set", "steps=8", "--set", "checkpointEvery=6", "--set", "logEvery=1"]
    let whole = try run(TrainingSet.arguments + steps + ["--output", "whole"])
    #expect(whole.status == 0, "\(whole.errors)")

    // A label that is no class, then a photograph that is none, both in the middle.
    let labels = "set/labels/\(Self.victim).png"
    let soundLabels = try #require(workspace.bytes(labels))
    try PNG.write(
      LabelMap(
        grid: GridShape(width: Workspace.width, height: Workspace.height),
        labels: Workspace.truth.map { $0 == 2 ? 7 : $0 }), palette: .voc,
      to: workspace.file(labels))
    try expectStop(
      TrainingSet.arguments + steps + ["--output", "out"], status: 65, naming: labels, "label 7")
    try soundLabels.write(to: URL(fileURLWithPath: workspace.file(labels)))
    let photograph = "set/images/\(Self.victim).png"
    let sound = try #require(workspace.bytes(photograph))
    try workspace.write("no picture", as: photograph)
    try expectStop(TrainingSet.resumption(of: "out"), status: 65, naming: photograph)
    try sound.write(to: URL(fileURLWithPath: workspace.file(photograph)))

    // Files of 32 KiB at most: the log can be written, the next state cannot.
    let state = try #require(workspace.bytes("out/state.safetensors"))
    try expectStop(
      TrainingSet.resumption(of: "out"), fileLimit: 64, status: 74,
      naming: "out/state.safetensors", "too large")
    // Of 512 bytes: nor can the log, whose lines take more than 100 each.
    try expectStop(
      TrainingSet.resumption(of: "out"), fileLimit: 1, status: 74, naming: "out/log.jsonl",
      "too large")
    let isKept = workspace.bytes("out/state.safetensors") == state
    #expect(isKept)

    let end = try run(TrainingSet.resumption(of: "out"))
    #expect(end.status == 0, "\(end.errors)")
    let isSame =
      workspace.bytes("out/weights.safetensors") == workspace.bytes("whole/weights.safetensors")
    #expect(isSame)
    let logged = try TrainingSet.log(of: "out", in: workspace).map { $0["step"] }
    #expect(logged == [1, 2, 3, 4, 5, 6, 7, 8])
  }

  /// Expects that the program ends by itself with an error that names the file, and leaves a state
  /// of some step before the checkpoint at 6 and nothing unfinished.
  private func expectStop(
    _ arguments: [String], fileLimit: Int? = nil, status: Int32, naming path: String,
    _ problem: String? = nil
  ) throws {
    let command = try run(arguments, fileLimit: fileLimit)
    #expect(command.status == status, "\(command.signal ?? 0) \(command.errors)")
    #expect(command.errors.contains(path + ": "), "\(command.errors)")
    if let problem { #expect(command.errors.contains(problem), "\(command.errors)") }
    #expect((1..<6).contains(try TrainingSet.step(of: "out", in: workspace)))
    #expect(try workspace.contents("out") == ["log.jsonl", "state.safetensors"])
  }
}
