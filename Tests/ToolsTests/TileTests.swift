import Formats
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// `--tile`: images that are refined in parts.
struct TileTests {
  private static let kernels = [
    "--kernel", "gaussian:weight=2,spatial=1", "--kernel",
    "bilateral:weight=3,spatial=1.5,color=10",
  ]
  private static let outputs = [
    "--output", "labels.png", "--marginals", "q.npy", "--overlay", "after.png", "--overlay-before",
    "before.png", "--ground-truth", "truth.png",
  ]
  private static let inputs = ["--unary", "scores.npy", "--image", "image.png"]

  private func json(_ run: Command) throws -> AnyJSON {
    #expect(run.status == 0, "\(run.errors)")
    return try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
  }

  /// The bytes of all outputs after a run.
  private func results(_ workspace: Workspace, _ arguments: [String]) throws -> [Data?] {
    let run = try workspace.run(Self.inputs + Self.outputs + Self.kernels + arguments)
    #expect(run.status == 0, "\(run.errors)")
    return ["labels.png", "q.npy", "after.png", "before.png"].map { workspace.bytes($0) }
  }

  @Test func aTileThatHoldsTheImageGivesTheUntiledBits() throws {
    let workspace = try Workspace.sample()
    let whole = try results(workspace, [])
    #expect(try results(workspace, ["--tile", "24x16", "--overlap", "4"]) == whole)
    #expect(try results(workspace, ["--tile", "2048"]) == whole)
    #expect(!whole.contains(nil))
  }

  /// Tiles see 4 pixels beyond their cores, 2.7 bandwidths, where a Gaussian is 3 % of its peak; of
  /// what is missing there, a part reaches marginals. The bound is twice what was measured.
  @Test func tilesGiveNearlyTheUntiledResult() throws {
    let workspace = try Workspace.sample()
    let updates = ["--iterations", "3"]
    _ = try results(workspace, updates)
    let whole = try NPY.read(workspace.file("q.npy"))
    let before = workspace.bytes("before.png")
    let tiled = try results(workspace, updates + ["--tile", "16", "--overlap", "8"])
    let parts = try NPY.read(workspace.file("q.npy"))
    #expect(parts.shape == whole.shape)
    let largest = zip(parts.values, whole.values).map { abs($0 - $1) }.max() ?? 1
    #expect(largest < 0.005, "\(largest)")
    #expect(tiled[3] == before)
    // Labels are those of the marginals, everywhere.
    let labels = try LabelFile.read(workspace.file("labels.png"))
    for point in 0..<labels.labels.count {
      let row = (0..<3).map { parts.values[$0 * labels.labels.count + point] }
      #expect(row[Int(labels.labels[point])] == row.max())
    }
  }

  @Test func resultsDoNotDependOnTheNumberOfThreads() throws {
    let workspace = try Workspace.sample()
    let tiles = ["--tile", "11x9", "--overlap", "4"]
    let one = try results(workspace, tiles + ["--threads", "1"])
    #expect(try results(workspace, tiles + ["--threads", "3"]) == one)
  }

  @Test func theReportsStateTheSeamError() throws {
    let workspace = try Workspace.sample()
    let arguments = Self.inputs + Self.kernels + ["--tile", "10", "--overlap", "4"]
    let report = try json(
      workspace.run(arguments + ["--ground-truth", "truth.png", "--output", "l.npy", "--json"]))
    let tiles = report["tiles"]
    // 24 and 16 in tiles of at most 10 that share 4: four and two, no larger than they need be.
    #expect(tiles["columns"].number == 4 && tiles["rows"].number == 2)
    #expect(tiles["size"].numbers == [10, 9] && tiles["overlap"].number == 4)
    // Three vertical seams and a horizontal one, with a line on each side.
    #expect(tiles["seam_pixels"].number == Double(2 * (3 * 16 + 24)))
    let largest = try #require(tiles["largest_seam_difference"].number)
    let mean = try #require(tiles["mean_seam_difference"].number)
    #expect(mean > 0 && largest > mean && largest <= 1)
    #expect((0...1).contains(tiles["unlike_seam_share"].number ?? -1))
    #expect(report["free_energy"].elements.isEmpty)
    #expect(report["evaluation"]["pixels"].number == 384)
    let human = try workspace.run(arguments + ["--output", "l.png"])
    #expect(human.output.contains("4×2 of 9×10, overlapping by 4"), "\(human.output)")
    #expect(human.output.contains("beside the seams"))
    #expect(human.errors.isEmpty)
  }

  /// The evaluation and the share of changed pixels are those of the labels that are written.
  @Test func figuresAreThoseOfTheOutput() throws {
    let workspace = try Workspace.sample()
    let report = try json(
      workspace.run(
        Self.inputs + Self.kernels + [
          "--tile", "9", "--overlap", "4", "--ground-truth", "truth.png", "--output", "l.npy",
          "--json",
        ]))
    let labels = try LabelFile.read(workspace.file("l.npy")).labels
    let right = zip(labels, Workspace.truth).count { $0 == $1 }
    let accuracy = try #require(report["evaluation"]["after"]["pixel_accuracy"].number)
    #expect(abs(accuracy - Double(right) / 384) < 1e-9)
  }

  @Test func coarseScoresLabelMapsAndArraysWorkInTiles() throws {
    let workspace = try Workspace.sample()
    try NPY.write(
      NumericArray(shape: [4, 6, 2], values: (0..<48).map { Float($0 * 7 % 5) }),
      to: workspace.file("coarse.npy"))
    let image = try ImageFile.read(workspace.file("image.png"))
    let bands = (0..<384 * 3).map { image[$0 % 384, $0 / 384] / 255 }
    try NPY.write(
      NumericArray(shape: [3, 16, 24], values: bands), to: workspace.file("bands.npy"))
    let sources = [
      [
        "--unary", "coarse.npy", "--layout", "hwc", "--image", "bands.npy", "--image-layout", "chw",
      ],
      [
        "--unary", "truth.png", "--unary-kind", "labels", "--labels", "3", "--image", "bands.npy",
      ],
      ["--unary", "scores.npy"],
    ]
    for source in sources {
      // Without updates the labels are the unary's, in tiles as without.
      let kernels = ["--kernel", "gaussian:weight=2,spatial=1", "--iterations", "0"]
      for (name, tiles) in [("whole.npy", []), ("tiled.npy", ["--tile", "7", "--overlap", "2"])] {
        let run = try workspace.run(source + kernels + tiles + ["--marginals", name])
        #expect(run.status == 0, "\(run.errors)")
      }
      #expect(workspace.bytes("whole.npy") == workspace.bytes("tiled.npy"), "\(source)")
    }
  }

  @Test func foldersAreRefinedInTilesToo() throws {
    let workspace = try Workspace()
    try workspace.makeFolders("scores", "images")
    for name in ["a", "b"] {
      try workspace.writeScores("scores/\(name).npy")
      try workspace.writeImage("images/\(name).png")
    }
    try workspace.write("no picture", as: "images/b.png")
    let run = try workspace.run(
      [
        "--unary", "scores", "--image", "images", "--output", "out", "--tile", "12", "--overlap",
        "4",
      ]
        + Self.kernels)
    #expect(run.status == 65)
    #expect(run.errors.contains("images/b.png"))
    #expect(try workspace.contents("out") == ["a.png"])
  }

  @Test(arguments: [
    Refusal("--tile 0", says: "--tile", "'0'"),
    Refusal("--tile big", says: "--tile", "'big'", "2048x1024"),
    Refusal("--tile 10x", says: "--tile"),
    Refusal("--tile 1x2x3", says: "--tile"),
    Refusal("--tile -5", says: "--tile"),
    Refusal("--overlap 4", says: "--overlap", "--tile"),
    Refusal("--tile 20 --overlap 1", says: "--overlap", "at least 2"),
    Refusal("--tile 20 --overlap -4", says: "--overlap", "-4"),
    Refusal("--tile 20x10 --overlap 6", says: "--overlap", "more than half", "at least 12"),
    Refusal("--tile 256", says: "--tile", "402", "twice as far as the plan reaches"),
    Refusal(
      "--tile 20 --overlap 4 --trimap 1 --ground-truth truth.png", says: "--trimap", "--tile"),
    Refusal("--tile 20 --overlap 4 --filter exact", says: "--filter", "--tile"),
    Refusal(
      "--tile 20 --overlap 4 --kernel features:weight=1,file=f.npy,components=2", says: "--tile",
      "features", "wherever they are"),
    Refusal(
      "--tile 9 --overlap 4 --marginals /dev/stdout", says: "/dev/stdout", "not an ordinary file"),
    Refusal(
      "--tile 9 --overlap 4 --ground-truth big.png", status: 65, says: "big.png", "does not fit"),
    Refusal("--tile 9 --overlap 4 --marginals no/q.npy", status: 73, says: "no/q.npy"),
    Refusal(
      "--tile 9 --overlap 4 --kernel bilateral:weight=3,spatial=5,color=0.001", status: 65,
      says: "scores.npy: the term bilateral"),
  ])
  func whatTilesCannotDoIsRefusedAndLeavesNothing(refusal: Refusal) throws {
    let workspace = try Workspace.sample()
    try PNG.write(
      LabelMap(grid: GridShape(width: 2, height: 2), labels: [0, 0, 0, 0]),
      to: workspace.file("big.png"))
    let before = try workspace.contents()
    let run = try workspace.run(Self.inputs + ["--output", "labels.png"] + refusal.arguments)
    #expect(run.status == refusal.status, "\(run.errors)")
    #expect(run.output.isEmpty)
    for text in refusal.says { #expect(run.errors.contains(text), "\(run.errors)") }
    #expect(try workspace.contents() == before)
  }

  /// 65,536 labels on four million pixels take two terabytes; on a tile of 64×64, two gigabytes.
  @Test func whatNoMemoryHoldsIsRefusedWithAHint() throws {
    let workspace = try Workspace()
    let labels = 1 << 16
    try NPY.write(
      NumericArray(shape: [labels, 2, 2], values: [Float](repeating: 0, count: 4 * labels)),
      to: workspace.file("s.npy"))
    try PNG.write(
      Image(width: 2000, height: 2000, rgb: [UInt8](repeating: 0, count: 12_000_000)),
      to: workspace.file("i.png"))
    let arguments = ["--unary", "s.npy", "--image", "i.png", "--output", "l.png"]
    for (tiles, remedy) in [([], "--tile 2048"), (["--tile", "1000"], "a smaller --tile")] {
      let run = try workspace.run(arguments + tiles)
      #expect(run.status == 65)
      #expect(run.errors.contains("GiB") && run.errors.contains(remedy), "\(run.errors)")
      #expect(try workspace.contents() == ["i.png", "s.npy"])
    }
  }

  @Test func volumesAreNotCut() throws {
    let workspace = try Workspace()
    try NPY.write(
      NumericArray(shape: [2, 3, 4, 5], values: [Float](repeating: 0, count: 120)),
      to: workspace.file("v.npy"))
    let run = try workspace.run(
      "--unary", "v.npy", "--output", "l.npy", "--kernel", "gaussian:weight=1,spatial=1", "--tile",
      "64")
    #expect(run.status == 64 && run.errors.contains("--tile"), "\(run.errors)")
  }

  /// Bad numbers in the last tile only: the first tiles are refined and written already by then.
  @Test func aFailureInTheLastTileLeavesNothing() throws {
    let workspace = try Workspace.sample()
    try workspace.write("precious", as: "labels.png")
    var scores = Workspace.scores
    scores[scores.count - 1] = .infinity
    try NPY.write(
      NumericArray(shape: [3, 16, 24], values: scores), to: workspace.file("scores.npy"))
    let before = try workspace.contents()
    let run = try workspace.run(
      Self.inputs + Self.kernels + [
        "--output", "labels.png", "--marginals", "q.npy", "--overlay", "o.png", "--tile", "9",
        "--overlap", "4",
      ])
    #expect(run.status == 65)
    #expect(run.errors.contains("scores.npy: from row "), "\(run.errors)")
    #expect(try workspace.contents() == before)
    #expect(workspace.bytes("labels.png") == Data("precious".utf8))
  }

  /// A large image with constant, coarse scores: what is wanted of it is its size only.
  private func large(side: Int) throws -> Workspace {
    let workspace = try Workspace()
    try NPY.write(
      NumericArray(shape: [8, 4, 4], values: (0..<128).map { Float($0 % 3) }),
      to: workspace.file("scores.npy"))
    let writer = try PNGRowWriter(
      workspace.file("image.png"), grid: GridShape(width: side, height: side), pixels: .rgb)
    let row = (0..<3 * side).map { UInt8($0 / 64 % 200) }
    for _ in 0..<side { try row.withUnsafeBytes { try writer.write($0) } }
    try writer.commit()
    return workspace
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func anInterruptLeavesNothing(signal: Int32) throws {
    let workspace = try large(side: 3000)
    let run = try workspace.run(
      "--unary", "scores.npy", "--image", "image.png", "--output", "l.png", "--marginals", "q.npy",
      "--tile", "900", interruption: (signal, 0.7))
    #expect(run.signal == signal)
    #expect(try workspace.contents() == ["image.png", "scores.npy"])
  }

  /// Four times the pixels take the same memory, but for bands of rows that are twice as wide: 128
  /// rows of image, labels before and after, and the lines at seams take less than 3 kB a column.
  /// On one thread, since allocators keep some memory for each, more or less of it by chance.
  @Test func memoryIsThatOfATileAndABand() throws {
    func peak(side: Int) throws -> Int {
      let run = try self.large(side: side).run(
        [
          "--unary", "scores.npy", "--image", "image.png", "--output", "l.png", "--tile", "256x128",
          "--overlap", "16", "--iterations", "1", "--kernel", "gaussian:weight=1,spatial=2",
          "--quiet", "--threads", "1",
        ], measuresMemory: true)
      #expect(run.status == 0, "\(run.errors)")
      return try #require(run.peakMemory)
    }
    let (small, large) = (try peak(side: 900), try peak(side: 1800))
    #expect(large - small < 900 * 3000 + 4_000_000, "\(small) → \(large)")
    // The whole would take 1800² pixels × (8 labels × 4 bytes × 2 + 3) at least.
    #expect(large < 100_000_000, "\(large)")
  }
}
