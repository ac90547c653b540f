import DeepLabNet
import Formats
import Foundation
import TestSupport
import Testing
import Unaries

/// A checkpoint of the shared fixtures, with what is to become of it.
struct CheckpointFixture: Decodable, Sendable, CustomTestStringConvertible {
  struct Tensor: Decodable {
    var file: String
    var stored_dtype: String
    var shape: [Int]
  }

  var file: String
  var verdict: String
  var why: String
  var tensors: [String: Tensor]?

  var path: String { Self.folder + file }
  var isAccepted: Bool { verdict == "accept" }
  var testDescription: String { file }

  static let folder = Shared.fixture("net/checkpoints/")

  static let all: [CheckpointFixture] = {
    guard let data = FileManager.default.contents(atPath: folder + "index.json") else { return [] }
    return (try? JSONDecoder().decode([CheckpointFixture].self, from: data)) ?? []
  }()

  /// Opens the file and reads every tensor in it.
  static func readAll(_ checkpoint: some Checkpoint) throws {
    for entry in checkpoint.entries {
      let values = try checkpoint.values(of: entry.name)
      #expect(values.shape == entry.shape)
    }
  }
}

extension CheckpointFixture.Tensor {
  /// The numbers that are to be found. `NPY` refuses empty arrays and truth values.
  func expected() throws -> [Float] {
    let path = CheckpointFixture.folder + file
    let count = shape.reduce(1, *)
    if count == 0 { return [] }
    guard stored_dtype == "bool" else { return try NPY.read(path).values }
    return try Data(contentsOf: URL(fileURLWithPath: path)).suffix(count).map { $0 == 0 ? 0 : 1 }
  }
}
