import DeepLabNet
import Formats
import Foundation
import TestSupport
import Testing
import Unaries

/// The trained network that comes with the package.
struct BundledModelTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  private static let sample = Shared.projectRoot + "/Examples/sample/image.png"

  @Test func aPhotographAloneGetsLabels() throws {
    let run = try workspace.run("--image", Self.sample, "--output", "labels.png", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let report = try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
    let network = report["parameters"]["network"]
    #expect(network["model"].string == "deeplab-small")
    #expect(network["class_names"].elements.map(\.string).first == "Sky")
    // The sample is a painted street, with road along its lower edge.
    let labels = try LabelFile.read(workspace.file("labels.png"))
    let edge = labels.labels.suffix(labels.grid.width)
    #expect(2 * edge.count { $0 == 3 } > edge.count)
  }

  @Test func segmentUsesItToo() throws {
    let run = try Command.run(
      ["segment", "--image", Self.sample, "--labels", "labels.png"], of: "deeplab", in: workspace)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("classes 11 (Sky, Building, "))
  }

  @Test func withoutItsFileTheErrorSaysWhereItShouldBe() throws {
    let copy = workspace.file("crf-refine")
    // By a program of its own: a child that another test starts meanwhile would hold what this one
    // has open for writing, and the copy could not be run.
    let copying = try Command.run(
      [Command.built("crf-refine"), copy], of: "/bin/cp", in: workspace)
    #expect(copying.status == 0, "\(copying.errors)")
    let run = try Command.run(
      ["--image", Self.sample, "--output", "labels.png"], of: copy, in: workspace)
    #expect(run.status == 66)
    #expect(run.errors.contains("LatticeCRF_DeepLabNet.resources/Models/street.safetensors"))
    #expect(run.errors.contains("--weights"))
    #expect(!workspace.exists("labels.png"))
  }

  @Test func itIsSmall() throws {
    let size = try FileManager.default.attributesOfItem(atPath: BundledModel.street.path())[.size]
    // What its card promises.
    #expect(try #require(size as? Int) <= 5_000_000)
  }

  /// What the card says: a mean IOU of 60.8 % in float16; other processors round otherwise.
  @Test(.enabled(if: Shared.isPresent, Shared.absence))
  func itHasTheScoresOfItsCard() throws {
    let run = try Command.run(
      [
        "evaluate", "--json", "--data", Shared.data("camvid-voc"), "--split", "val",
        "--class-names", "camvid", "--weights", BundledModel.street.path(), "--trimap-width", "0",
      ], of: "deeplab", in: workspace)
    #expect(run.status == 0, "\(run.errors)")
    let report = try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
    let score = try #require(report["evaluation"]["before"]["mean_iou"].number)
    #expect(abs(score - 0.608) < 0.001)
  }
}
