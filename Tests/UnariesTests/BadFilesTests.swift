import Formats
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// One line of the list of hostile files.
struct BadFile: Codable, Sendable, CustomTestStringConvertible {
  var file: String
  var role: String
  var expected: String
  var why: String
  var equals: String?
  var tolerance: Float?
  var max_memory_mb: Int?
  var forbidden_side_effect: String?

  var path: String { Shared.fixture("bad/" + file) }
  var testDescription: String { file }

  static let all: [BadFile] = {
    struct Index: Decodable { var files: [BadFile] }
    guard let data = FileManager.default.contents(atPath: Shared.fixture("bad/index.json")) else {
      return []
    }
    return (try? JSONDecoder().decode(Index.self, from: data))?.files ?? []
  }()

  /// Well-formed arrays and label maps: refusing what they say is the task of whoever uses them.
  static let wellFormed: Set<String> = [
    "nan.npy", "pos_inf.npy", "neg_inf.npy", "all_nan.npy", "rank_0.npy", "rank_1.npy",
    "rank_2.npy", "rank_4.npy", "size_mismatch.npy", "transposed.npy", "channels_last.npy",
    "label_out_of_range.png", "labels_wrong_size.png",
  ]

  /// Refused or accepted as the list says, or accepted where the list allows either.
  static let acceptedThough: Set<String> = ["zip_path.npz", "jpeg_named.png"]

  var isReadable: Bool {
    expected == "accept" || Self.wellFormed.contains(file) || Self.acceptedThough.contains(file)
  }

  /// What the reader for its role makes of the file: extents and numbers.
  func read() throws -> (shape: [Int], values: [Float]) {
    switch role {
    case "logits":
      let array = try file.hasSuffix(".npz") ? NPZ.read(path) : NPY.read(path)
      return (array.shape, array.values)
    case "image":
      let image = try ImageFile.read(path)
      let values: [Float] =
        switch image.pixels {
        case .bytes(let bytes): bytes.map(Float.init)
        case .floats(let floats): floats
        }
      return (image.grid.extents + [image.channels], values)
    default:
      let labels = try PNG.readLabels(path).labels()
      return (labels.grid.extents, labels.labels.map(Float.init))
    }
  }
}

@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct BadFilesTests {
  @Test(arguments: BadFile.all)
  func everyFileIsReadOrRefusedByName(file: BadFile) throws {
    guard file.isReadable else {
      let error = #expect(throws: InputError.self, "\(file.why)") { try file.read() }
      #expect(error?.place?.hasPrefix(file.path) == true, "\(String(describing: error))")
      #expect(error?.remedy.isEmpty == false)
      return
    }
    let found = try file.read()
    #expect(found.shape.reduce(1, *) == found.values.count)
    guard let equals = file.equals else { return }
    let expected = try NPY.read(Shared.fixture("bad/" + equals))
    // A gray array stands for three equal channels.
    let isGray = file.role == "image" && expected.shape.count == 2
    let values = isGray ? expected.values.flatMap { [$0, $0, $0] } : expected.values
    #expect(found.shape == (isGray ? expected.shape + [3] : expected.shape))
    let largest = zip(found.values, values).map { abs($0 - $1) }.max()
    #expect(try #require(largest) <= file.tolerance ?? 0)
  }

  @Test func theListIsThere() {
    #expect(BadFile.all.count > 90)
  }

  @Test func nothingIsRunAndNothingIsExtracted() throws {
    for file in BadFile.all {
      guard let effect = file.forbidden_side_effect else { continue }
      _ = try? file.read()
      for folder in [".", "..", FileManager.default.temporaryDirectory.path] {
        #expect(!FileManager.default.fileExists(atPath: folder + "/" + effect))
      }
    }
  }

  #if os(Linux)
    /// Each in a process of its own, whose peak nobody else raises.
    @Test(arguments: BadFile.all.filter { $0.max_memory_mb != nil })
    func refusingTakesLittleMemoryAndNoDescriptors(file: BadFile) async {
      await #expect(processExitsWith: .success) { [file] in
        _ = try? NPY.read("/dev/null")
        let before = (
          peak: try ProcessFigures.peakMemory(), descriptors: try ProcessFigures.openDescriptors()
        )
        // Often enough that a lost descriptor each time stands out from those of the test library.
        let repetitions = 10
        for _ in 0..<repetitions { _ = try? file.read() }
        let after = (
          peak: try ProcessFigures.peakMemory(), descriptors: try ProcessFigures.openDescriptors()
        )
        // Far less than any limit in the list: what is refused is refused before it is taken.
        if after.peak > before.peak + 16 { exit(1) }
        if after.descriptors >= before.descriptors + repetitions { exit(2) }
      }
    }
  #endif
}
