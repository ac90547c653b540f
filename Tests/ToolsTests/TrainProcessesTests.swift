import DeepLabNet
import Foundation
import TestSupport
import Testing

private enum MPI {
  static let isThere = ["mpicc", "mpirun"].allSatisfy { name in
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
    }
  }
}

/// `mpirun deeplab train --mpi`, where there is an MPI.
@Suite(
  "deeplab train in several processes",
  .enabled(if: MPI.isThere, "there is no mpicc or no mpirun"))
struct TrainProcessesTests {
  private let workspace: Workspace
  private let library: String

  init() throws {
    workspace = try TrainingSet.workspace()
    library = workspace.file("liblatticecrf-mpi.so")
    let made = try Command.run(
      [library], of: Shared.projectRoot + "/Scripts/mpi", in: workspace)
    try #require(made.status == 0, "\(made.errors)")
  }

  private func train(_ processes: Int, _ arguments: [String]) throws -> Command {
    try Command.run(
      [
        // Open MPI wants to be told so in containers, and where processors are few.
        "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
        "OMPI_MCA_rmaps_base_oversubscribe=1", "mpirun", "-np", "\(processes)",
        Command.built("deeplab"),
      ] + arguments + ["--threads", "1"], of: "/usr/bin/env", in: workspace)
  }

  private func weights(of folder: String) throws -> [String: [Float]] {
    let file = try CheckpointFile.open(workspace.file(folder + "/weights.safetensors"))
    return Dictionary(
      uniqueKeysWithValues: try file.entries.map {
        ($0.name, try file.values(of: $0.name).values())
      })
  }

  @Test func twoComeToWhatOneComesTo() throws {
    let steps = TrainingSet.arguments + ["--set", "steps=2", "--set", "optimizer.rule=sgd"]
    for (processes, folder) in [(1, "one"), (2, "two"), (2, "again")] {
      let run = try train(processes, steps + ["--mpi", library, "--output", folder])
      try #require(run.status == 0, "\(run.errors)")
    }
    #expect(
      workspace.bytes("two/weights.safetensors") == workspace.bytes("again/weights.safetensors"))
    #expect(try TrainingSet.log(of: "two", in: workspace).map { $0["step"] } == [2])
    let (one, two) = try (weights(of: "one"), weights(of: "two"))
    for (name, values) in one {
      let other = try #require(two[name])
      let largest = max(1e-6, values.map(abs).max() ?? 0)
      let difference = zip(values, other).map { abs($0 - $1) }.max() ?? 0
      // Sums of gradients in another order: rounding to float32, over two steps.
      #expect(difference <= 1e-5 * largest, "\(name): \(difference) of \(largest)")
    }
  }

  @Test func processesThatWouldTrainAloneAreRefused() throws {
    let alone = try train(2, TrainingSet.arguments + ["--output", "out"])
    #expect(alone.status == 64 && alone.errors.contains("--mpi"), "\(alone.errors)")
    let many = try train(3, TrainingSet.arguments + ["--mpi", library, "--output", "out"])
    #expect(many.status == 64 && many.errors.contains("3 processes"), "\(many.errors)")
    let wrong = try train(
      1, TrainingSet.arguments + ["--mpi", "set/classes.txt", "--output", "out"])
    #expect(wrong.status == 65 && wrong.errors.contains("set/classes.txt"), "\(wrong.errors)")
    #expect(!workspace.exists("out/state.safetensors"))
  }
}
