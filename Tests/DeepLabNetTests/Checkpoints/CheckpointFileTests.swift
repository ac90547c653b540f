import DeepLabNet
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct CheckpointFileTests {
  @Test func theListIsThere() {
    #expect(CheckpointFixture.all.count > 100)
    #expect(CheckpointFixture.all.contains { $0.isAccepted })
  }

  @Test(arguments: CheckpointFixture.all.filter(\.isAccepted))
  func everyTensorIsAsExpected(fixture: CheckpointFixture) throws {
    let checkpoint = try CheckpointFile.open(fixture.path)
    let expected = try #require(fixture.tensors)
    for (name, tensor) in expected {
      let values = try checkpoint.values(of: name)
      #expect(values.shape == tensor.shape, "\(name)")
      #expect(values.values() == (try tensor.expected()), "\(name)")
    }
    // The fixtures name Caffe's blobs as stored, beside which there are the names of parameters.
    guard checkpoint.format != .caffe else { return }
    #expect(Set(checkpoint.entries.map(\.name)) == Set(expected.keys))
    for entry in checkpoint.entries {
      #expect(entry.shape == expected[entry.name]?.shape)
      #expect(entry.storedType == expected[entry.name]?.stored_dtype)
    }
  }

  @Test(arguments: CheckpointFixture.all.filter { !$0.isAccepted })
  func everyBadFileIsRefusedByNameAndSoon(fixture: CheckpointFixture) throws {
    let start = ContinuousClock.now
    let error = #expect(throws: InputError.self, "\(fixture.why)") {
      try CheckpointFixture.readAll(CheckpointFile.open(fixture.path))
    }
    #expect(error?.place?.hasPrefix(fixture.path) == true, "\(String(describing: error))")
    #expect(error?.remedy.isEmpty == false, "\(String(describing: error))")
    #expect(ContinuousClock.now - start < .seconds(2))
  }

  @Test func theContentsDecideNotTheName() throws {
    let folder = try TemporaryFolder()
    for (source, format) in [
      ("good.safetensors", CheckpointFile.Format.safetensors), ("state_dict_zip.pth", .pytorch),
      ("state_dict_legacy.pth", .pytorch), ("stored.npz", .npz), ("v2.caffemodel", .caffe),
    ] {
      let link = folder.file(source + ".weights")
      try FileManager.default.createSymbolicLink(
        atPath: link, withDestinationPath: CheckpointFixture.folder + source)
      #expect(try CheckpointFile.open(link).format == format)
    }
  }

  @Test func nothingInAFileIsRun() {
    for fixture in CheckpointFixture.all {
      if let checkpoint = try? CheckpointFile.open(fixture.path) {
        for entry in checkpoint.entries { _ = try? checkpoint.values(of: entry.name) }
      }
    }
    let temporary = FileManager.default.temporaryDirectory.path
    for folder in [".", "..", temporary, NSHomeDirectory(), Shared.projectRoot] {
      #expect(!FileManager.default.fileExists(atPath: folder + "/fixture_pickle_was_executed"))
    }
  }

  #if os(Linux)
    /// In a process of its own, whose peak nobody else raises.
    @Test func refusingTakesLittleMemoryAndNoDescriptors() async {
      await #expect(processExitsWith: .success) {
        let bad = CheckpointFixture.all.filter { !$0.isAccepted }
        _ = try? CheckpointFile.open(bad[0].path)
        let before = (
          peak: try ProcessFigures.peakMemory(), descriptors: try ProcessFigures.openDescriptors()
        )
        for fixture in bad {
          if let checkpoint = try? CheckpointFile.open(fixture.path) {
            for entry in checkpoint.entries { _ = try? checkpoint.values(of: entry.name) }
          }
        }
        // The largest of the files has 150 KB; what is refused is refused before it is taken.
        if try ProcessFigures.peakMemory() > before.peak + 32 { exit(1) }
        // The test library opens some of its own.
        if try ProcessFigures.openDescriptors() > before.descriptors + bad.count / 2 { exit(2) }
      }
    }
  #endif
}
