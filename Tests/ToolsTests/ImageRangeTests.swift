import Formats
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Images whose values do not span what bandwidths of colour are made for.
@Suite("Ranges of images")
struct ImageRangeTests {
  private let workspace: Workspace
  private static let kernels = ["--kernel", "bilateral:weight=3,spatial=3,color=10"]

  init() throws { workspace = try Workspace.sample() }

  /// The sample's image as an array of (H,W,C), each value changed.
  private func writeArray(_ name: String, _ change: (Float, Int) -> Float) throws {
    let image = try ImageFile.read(workspace.file("image.png"))
    let values = (0..<3 * image.grid.count).map { change(image[$0 / 3, $0 % 3], $0 % 3) }
    try NPY.write(
      NumericArray(shape: [16, 24, 3], values: values), to: workspace.file(name))
  }

  private func refine(_ image: String, _ extra: [String] = []) throws -> Command {
    let layout = image.hasSuffix(".npy") ? ["--image-layout", "hwc"] : []
    return try workspace.run(
      ["--unary", "scores.npy", "--image", image, "--output", "labels.png"] + layout
        + Self.kernels + extra)
  }

  private static let mean: [Float] = [0.485, 0.456, 0.406]
  private static let deviation: [Float] = [0.229, 0.224, 0.225]

  @Test(
    "that no bandwidth fits are warned of with what to do, whole and in tiles",
    arguments: ["0:1", "-1:1", "normalised", "cut", "truth"])
  func narrow(kind: String) throws {
    try writeArray("narrow.npy") { value, channel in
      switch kind {
      case "0:1": value / 255
      case "-1:1": value / 127.5 - 1
      case "normalised": (value / 255 - Self.mean[channel]) / Self.deviation[channel]
      case "cut": (value / 201).rounded(.down)
      default: value > 100 ? 1 : 0
      }
    }
    let hint = kind == "cut" || kind == "truth" ? "0:1" : kind
    for extra in [[], ["--tile", "16", "--overlap", "6"]] {
      let run = try refine("narrow.npy", extra)
      #expect(run.status == 0)
      #expect(run.errors.contains("crf-refine: warning: narrow.npy: all values "), "\(run.errors)")
      #expect(run.errors.contains("the bandwidth of colour is 10: the CRF sees hardly any edge"))
      #expect(
        run.errors.contains("--image-range " + (kind == "normalised" ? "-" : hint)),
        "\(run.errors)")
      #expect(run.errors.components(separatedBy: "warning:").count == 2, "said once")
    }
    let run = try refine("narrow.npy", ["--json"])
    let report = try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
    #expect(report["warnings"].elements.count == 1)
  }

  @Test("that are scaled give the labels of the image itself, without a warning")
  func scaled() throws {
    #expect(try refine("image.png").errors.isEmpty)
    let expected = workspace.bytes("labels.png")
    for (range, change) in [
      ("0:1", { $0 / 255 }), ("-1:1", { $0 / 127.5 - 1 }), ("0:4095", { $0 / 255 * 4095 }),
    ] as [(String, (Float) -> Float)] {
      try writeArray("scaled.npy") { value, _ in change(value) }
      for extra in [[], ["--tile", "64"]] {
        let run = try refine(
          "scaled.npy", ["--image-range", range, "--overlay", "overlay.png"] + extra)
        #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
        #expect(workspace.bytes("labels.png") == expected)
        #expect(try ImageFile.read(workspace.file("overlay.png")).channels == 3)
      }
    }
  }

  @Test("that still do not fit after scaling are warned of")
  func scaledTooFar() throws {
    try writeArray("unit.npy") { value, _ in value / 255 }
    let run = try refine("unit.npy", ["--image-range", "0:100"])
    #expect(run.errors.contains("--image-range 0:100 is too wide"), "\(run.errors)")
  }

  @Test("that are wide enough for their bandwidths are nobody's business")
  func fitting() throws {
    try writeArray("unit.npy") { value, _ in value / 255 }
    let unit = try workspace.run(
      "--unary", "scores.npy", "--image", "unit.npy", "--image-layout", "hwc", "--output",
      "l.png", "--kernel", "bilateral:weight=3,spatial=3,color=0.05", "--kernel",
      "gaussian:weight=1,spatial=1")
    #expect(unit.status == 0 && unit.errors.isEmpty, "\(unit.errors)")
    // One channel that tells is enough, and positions alone compare no colours.
    try writeArray("one.npy") { value, channel in channel == 1 ? value : 7 }
    #expect(try refine("one.npy").errors.isEmpty)
    let positions = try workspace.run(
      "--unary", "scores.npy", "--image", "unit.npy", "--image-layout", "hwc", "--output",
      "l.png", "--kernel", "gaussian:weight=1,spatial=1")
    #expect(positions.errors.isEmpty)
  }

  // MARK: 12 bits in 16

  /// A gray PNG of 16 bits from the sample's first channel.
  private func writeDeep(_ name: String, _ change: (Float) -> Float) throws {
    let image = try ImageFile.read(workspace.file("image.png"))
    let samples = (0..<image.grid.count).map { UInt16(change(image[$0, 0]).rounded()) }
    try PNG.write(
      LabelMap(grid: image.grid, labels: samples), to: workspace.file(name))
  }

  @Test("a scan of 12 bits in a PNG of 16 is told from one of 16, and can be scaled")
  func twelveBits() throws {
    try writeDeep("scan.png") { 4095 * $0 / 255 }
    try writeDeep("full.png") { 65535 * $0 / 255 - 31 }
    let full = try refine("full.png")
    #expect(full.status == 0 && full.errors.isEmpty, "\(full.errors)")
    #expect(full.output.contains("24×16, values 59.8"), "fractions are kept: \(full.output)")
    let expected = workspace.bytes("labels.png")
    for extra in [[], ["--tile", "16", "--overlap", "6"]] {
      let run = try refine("scan.png", extra)
      #expect(run.status == 0)
      #expect(
        run.errors.contains("(the file's numbers are 964…3212 of 65535)"), "\(run.errors)")
      #expect(run.errors.contains("--image-range 0:4095"))
    }
    let scaled = try refine(
      "scan.png", ["--image-range", "0:4095", "--overlay", "o.png"])
    #expect(scaled.status == 0 && scaled.errors.isEmpty, "\(scaled.errors)")
    #expect(workspace.bytes("labels.png") == expected)
    // An eighth of all colours' span would be black upon black.
    let overlay = try ImageFile.read(workspace.file("o.png"))
    #expect((0..<overlay.grid.count).contains { overlay[$0, 0] > 100 })
  }

  @Test("networks are shown 8 bits, and told of a picture that is almost black to them")
  func networks() throws {
    func segment(_ image: String, _ extra: [String] = []) throws -> Command {
      try Command.run(
        ["segment"] + NetworkWeights.options() + ["--image", image, "--scores", "s.npy"] + extra,
        of: "deeplab", in: workspace)
    }
    try writeDeep("full.png") { 65535 * $0 / 255 - 31 }
    try PNG.write(
      ImageFile.read(workspace.file("full.png")).inBytes, to: workspace.file("rounded.png"))
    #expect(try segment("rounded.png").status == 0)
    let expected = workspace.bytes("s.npy")
    let run = try segment("full.png", ["--crf", "deeplab-vgg"])
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    #expect(workspace.bytes("s.npy") == expected)

    try writeDeep("scan.png") { 4095 * $0 / 255 }
    let dark = try segment("scan.png")
    #expect(dark.errors.contains("warning: scan.png"), "\(dark.errors)")
    #expect(dark.errors.contains("almost black") && dark.errors.contains("--image-range 0:4095"))
    #expect(try segment("scan.png", ["--image-range", "0:4095"]).errors.isEmpty)
  }

  @Test("crf-tune and evaluate warn too")
  func others() throws {
    let tuning = try TuneTests.workspace()
    try writeArray("unit.npy") { value, _ in value / 255 }
    try FileManager.default.removeItem(atPath: tuning.file("images/b.png"))
    try FileManager.default.copyItem(
      atPath: workspace.file("unit.npy"), toPath: tuning.file("images/b.npy"))
    let search =
      TuneTests.folders + [
        "--image-layout", "hwc", "--gaussian-weight", "0.1", "--bilateral-weight", "0.2",
        "--bilateral-spatial", "3", "--iterations", "1", "--refinements", "0", "--json",
      ]
    let run = try Command.run(
      search + ["--bilateral-color", "5,20"], of: "crf-tune", in: tuning)
    #expect(run.status == 0)
    #expect(run.errors.contains("warning: images/b.npy: all values"), "\(run.errors)")
    let report = try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
    #expect(report["warnings"].elements.count == 1)
    let small = try Command.run(
      search + ["--bilateral-color", "0.05,20"], of: "crf-tune", in: tuning)
    #expect(!small.errors.contains("warning"), "\(small.errors)")

    try workspace.makeFolders("set/images", "set/labels", "scores")
    try workspace.write("ground\ndisc\nband\n", as: "set/classes.txt")
    try writeDeep("set/images/a.png") { 4095 * $0 / 255 }
    try workspace.writeTruth("set/labels/a.png")
    try workspace.writeScores("scores/a.npy")
    let evaluate = [
      "evaluate", "--data", "set", "--scores", "scores", "--crf", "deeplab-vgg",
    ]
    let warned = try Command.run(evaluate, of: "deeplab", in: workspace)
    #expect(warned.errors.contains("warning: set/images/a.png"), "\(warned.errors)")
    let scaled = try Command.run(
      evaluate + ["--image-range", "0:4095"], of: "deeplab", in: workspace)
    #expect(scaled.status == 0 && !scaled.errors.contains("warning"), "\(scaled.errors)")
  }

  @Test("a range that is none is refused", arguments: ["4095", "5:5", "9:1", "a:b", "0:inf", ":"])
  func usage(range: String) throws {
    let run = try refine("image.png", ["--image-range", range])
    #expect(run.status == 64)
    #expect(run.errors.contains("--image-range: is '\(range)'"), "\(run.errors)")
  }
}
