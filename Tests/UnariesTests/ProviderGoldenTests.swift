import Formats
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// The providers against arrays that other programs computed by the same rules.
@Suite("Unaries against golden cases", .enabled(if: Shared.isPresent, Shared.absence))
struct ProviderGoldenTests {
  @Test("scores are upsampled as PyTorch and Pillow do")
  func upsampling() throws {
    let scores = try NPY.read(Shared.data("camvid-logits/scores/0016E5_07959.npy"))
    let expected = try NPY.read(Shared.data("camvid-logits/logits/0016E5_07959.npy"))
    let unary = try ScoreMapUnary(scores, kind: .energies, layout: .channelsFirst)
    let grid = GridShape(width: 480, height: 360)
    let found = try unary.energies(for: Scene(grid: grid)).values.planes()
    // The two programs agree to 1e-6 of scores of order 10.
    #expect(largestDifference(found, expected.values.map(Double.init)) < 1e-5)
  }

  @Test(
    "energies of upsampled logits are those that pydensecrf was given",
    arguments: ["07959", "08063", "08159"])
  func logits(frame: String) throws {
    let folder = "crf/a2_camvid_0016E5_\(frame)/"
    let logits = try NPY.read(Shared.fixture(folder + "logits.npy"))
    let expected = try NPY.read(Shared.fixture(folder + "unary.npy"))
    let unary = try ScoreMapUnary(logits, kind: .logits, layout: .channelsFirst)
    let grid = GridShape(width: 240, height: 180)
    let found = try unary.energies(for: Scene(grid: grid)).values.planes()
    // The file is float16: half a unit in the last place of energies up to 11.6 is 2⁻⁸.
    #expect(largestDifference(found, expected.values.map(Double.init)) < 0x1.01p-8)
  }

  @Test("energies of labels are those of pydensecrf's unary_from_labels")
  func labels() throws {
    let numbers = try NPY.read(Shared.fixture("crf/a1_im2/labels.npy"))
    let expected = try NPY.read(Shared.fixture("crf/a1_im2/unary.npy"))
    let grid = GridShape(width: 320, height: 213)
    let unary = try LabelUnary(
      LabelMap(grid: grid, labels: numbers.values.map { UInt16($0) }), labelCount: 2,
      confidence: 0.7, unknown: .zeroUnsure)
    let found = try unary.energies(for: Scene(grid: grid)).values.planes()
    // The confidence is rounded to float here, the energies on both sides: 2⁻²³ each.
    #expect(largestDifference(found, expected.values.map(Double.init)) < 3e-7)
  }
}
