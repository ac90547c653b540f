import DeepLabNet
import Formats
import Foundation
import LatticeSupport
import Testing
import Unaries

/// A few small photographs in the folder `set`, and a network that learns in milliseconds.
enum TrainingSet {
  static func workspace(_ names: [String] = ["a", "b", "c"]) throws -> Workspace {
    let workspace = try Workspace()
    var draws = SeededGenerator(seed: 1)
    try workspace.makeFolders("set/images", "set/labels")
    try workspace.write("ground\ndisc\nband\n", as: "set/classes.txt")
    for name in names {
      // Noise upon the colours: normalisations of even maps make gradients explode.
      var values: [UInt8] = []
      for label in Workspace.truth {
        for channel in 0..<3 {
          let base: UInt8 = channel == Int(label) ? 120 : 60
          values.append(base + UInt8(draws.next() >> 57))
        }
      }
      let image = try Image(width: Workspace.width, height: Workspace.height, rgb: values)
      try PNG.write(image, to: workspace.file("set/images/\(name).png"))
      try workspace.writeTruth("set/labels/\(name).png")
    }
    return workspace
  }

  /// The smallest network of the catalogue that there is; thirty steps take some seconds.
  static let arguments = [
    "train", "--data", "set", "--model", "deeplab-v3plus-mobilenet-v2", "--quiet", "--set",
    "batch=2",
    "--set", "crop=[17,25]", "--set", "checkpointEvery=4", "--set", "logEvery=2", "--set",
    "schedule.base=1e-3", "--set", "optimizer.rule=adamw", "--set", "normalization=frozen",
  ]

  /// Options that go on with what is in `folder`.
  static func resumption(of folder: String) -> [String] {
    ["train", "--resume", "--output", folder, "--quiet"]
  }

  /// The steps that the state in `folder` says are done.
  static func step(of folder: String, in workspace: Workspace) throws -> Int {
    let state = try CheckpointFile.open(workspace.file(folder + "/state.safetensors"))
    let header = try #require(state.metadata["training"])
    let object = try JSONSerialization.jsonObject(with: Data(header.utf8)) as? [String: Any]
    return try #require(object?["step"] as? Int)
  }

  /// The lines of the log in `folder`.
  static func log(of folder: String, in workspace: Workspace) throws -> [[String: Double]] {
    let bytes = try #require(workspace.bytes(folder + "/log.jsonl"))
    return try String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { line in
      try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Double])
    }
  }
}
