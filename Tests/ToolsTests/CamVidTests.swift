import Foundation
import TestSupport
import Testing

/// The published figures of sixteen images, from the command line.
@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct CamVidTests {
  /// Kernels, and the mean IOU and pixel accuracy after them as pydensecrf has them.
  struct Figures: CustomTestStringConvertible {
    var gaussian: String
    var bilateral: String
    var meanIOU: Double
    var accuracy: Double

    var testDescription: String { bilateral }
  }

  /// 0.05 points: the figures are rounded to 0.01, and labels differ where two are equally likely.
  private static let tolerance = 0.0005

  @Test(arguments: [
    Figures(
      gaussian: "gaussian:weight=1,spatial=1",
      bilateral: "bilateral:weight=4,spatial=20,color=8", meanIOU: 0.4892, accuracy: 0.8841),
    Figures(
      gaussian: "gaussian:weight=3,spatial=3",
      bilateral: "bilateral:weight=4,spatial=67,color=3", meanIOU: 0.4740, accuracy: 0.8796),
  ])
  func figuresAreThoseOfTheDataSet(figures: Figures) throws {
    let folder = Shared.data("camvid-logits")
    let run = try Workspace().run(
      "--unary", folder + "/scores", "--image", folder + "/images", "--ground-truth",
      folder + "/labels", "--kernel", figures.gaussian, "--kernel", figures.bilateral,
      "--iterations", "10", "--output", "labels", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let report = try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
    func check(_ when: String, _ figure: String, _ expected: Double) throws {
      let value = try #require(report["evaluation"][when][figure].number)
      #expect(abs(value - expected) <= Self.tolerance, "\(figure) \(when): \(value)")
    }
    try check("before", "mean_iou", 0.4903)
    try check("before", "pixel_accuracy", 0.8806)
    try check("after", "mean_iou", figures.meanIOU)
    try check("after", "pixel_accuracy", figures.accuracy)
  }
}
