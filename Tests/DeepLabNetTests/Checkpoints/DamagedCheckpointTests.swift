import DeepLabNet
import Foundation
import LatticeSupport
import TestSupport
import Testing

@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct DamagedCheckpointTests {
  private static let sources = CheckpointFixture.all.filter {
    $0.isAccepted && !$0.file.hasSuffix("npz")
  }

  /// Bytes changed at random, and files cut short: refused by name, or read, but never a crash.
  @Test(arguments: sources)
  func everyDamageIsRefusedOrHarmless(fixture: CheckpointFixture) throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<300 {
      var bytes = [UInt8](whole)
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(
          in: 0...255, using: &generator)
      }
      if Bool.random(using: &generator) {
        bytes.removeLast(Int.random(in: 0..<bytes.count / 2, using: &generator))
      }
      read(StoredBytes(bytes, name: "input"), as: fixture.file)
    }
  }

  private func read(_ bytes: StoredBytes, as file: String) {
    do {
      let checkpoint: any Checkpoint =
        switch file.split(separator: ".").last {
        case "pth": try PyTorchCheckpoint(bytes)
        case "safetensors": try SafetensorsCheckpoint(bytes)
        default: try CaffeCheckpoint(bytes)
        }
      for entry in checkpoint.entries { _ = try checkpoint.values(of: entry.name) }
    } catch let error as InputError {
      #expect(error.place == "input")
    } catch {
      Issue.record("an error of another type: \(error)")
    }
  }
}
