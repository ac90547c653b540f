import Evaluation
import Formats
import Foundation
import TestSupport
import Testing
import Unaries

/// The figures of a data set, against those that another program computed from the same files.
@Suite("Golden figures", .enabled(if: Shared.isPresent, Shared.absence))
struct GoldenFiguresTests {
  @Test("score maps of 16 CamVid frames have the published accuracy and IOU")
  func camvid() throws {
    let folder = Shared.data("camvid-logits/")
    let names = try String(contentsOfFile: folder + "names.txt", encoding: .utf8)
      .split(separator: "\n")
    #expect(names.count == 16)
    var confusion = ConfusionMatrix(labelCount: 11)
    for name in names {
      let truth = try PNG.readLabels(folder + "labels/\(name).png").labels()
      let unary = try ScoreMapUnary(
        NPY.read(folder + "scores/\(name).npy"), kind: .logits, layout: .channelsFirst)
      let labels = try unary.energies(for: Scene(grid: truth.grid)).labels()
      try confusion.add(prediction: labels, truth: truth, ignoring: 255)
    }
    let expected = [
      0.9287, 0.8106, 0.0039, 0.8982, 0.6423, 0.8770, 0.0324, 0.3738, 0.4829, 0.1525, 0.1915,
    ]
    // The figures are printed with four decimals; a tie may fall the other way at single points.
    let tolerance = 0.0001
    for (label, (found, figure)) in zip(confusion.intersectionsOverUnion, expected).enumerated() {
      #expect(abs(try #require(found) - figure) < tolerance, "label \(label)")
    }
    #expect(abs(try #require(confusion.meanIOU) - 0.4903) < tolerance)
    #expect(abs(try #require(confusion.pixelAccuracy) - 0.8806) < tolerance)
  }
}
