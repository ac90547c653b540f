import Formats
import Foundation
import TestSupport
import Testing
import Unaries

/// A network and a CRF in one run give what they give in two.
struct SegmentRefinementTests {
  /// A part of a photograph that is large enough for labels to change.
  private static func photograph() throws -> Image {
    let image = try ImageFile.read(Shared.projectRoot + "/Examples/sample/image.png")
    let (width, height) = (96, 64)
    let rgb = (0..<width * height).flatMap { point -> [UInt8] in
      let (y, x) = point.quotientAndRemainder(dividingBy: width)
      let source = (100 + y) * image.grid.width + 150 + x
      return (0..<3).map { UInt8(image[source, $0]) }
    }
    return try Image(width: width, height: height, rgb: rgb)
  }

  @Test(arguments: [[], ["--scales", "1,0.75", "--flip"]])
  func oneRunGivesTheLabelsOfTwo(views: [String]) throws {
    let workspace = try Workspace()
    try PNG.write(Self.photograph(), to: workspace.file("photo.png"))
    let preset = "deeplab-vgg"
    let segment = try ["segment"] + NetworkWeights.options() + ["--image", "photo.png"] + views
    let one = try Command.run(
      segment + ["--crf", preset, "--labels", "one.png", "--scores", "one.npy"], of: "deeplab",
      in: workspace)
    #expect(one.status == 0, "\(one.errors)")
    let scores = try Command.run(
      segment + ["--scores", "scores.npy"], of: "deeplab", in: workspace)
    #expect(scores.status == 0, "\(scores.errors)")
    // Written before the refinement.
    #expect(workspace.bytes("one.npy") == workspace.bytes("scores.npy"))
    let two = try workspace.run(
      "--unary", "scores.npy", "--image", "photo.png", "--preset", preset, "--output", "two.png",
      "--json")
    #expect(two.status == 0, "\(two.errors)")
    #expect(workspace.bytes("one.png") == workspace.bytes("two.png"))
    let report = try JSONDecoder().decode(AnyJSON.self, from: Data(two.output.utf8))
    // Otherwise nothing would have been shown.
    #expect(try #require(report["changed_share"].number) > 0.01)
  }
}
