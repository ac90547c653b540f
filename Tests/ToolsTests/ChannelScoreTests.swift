import Formats
import Foundation
import TestSupport
import Testing
import Unaries

/// Scores as programs leave them, from the command line: one channel, axes of length 1, 8 bits,
/// infinite.
@Suite("Scores of any program")
struct ChannelScoreTests {
  private let workspace: Workspace
  private static let (width, height) = (Workspace.width, Workspace.height)
  private static let points = width * height
  /// Bandwidths that tiles of 16 pixels have room for.
  private static let kernels = [
    "--kernel", "gaussian:weight=1,spatial=1", "--kernel",
    "bilateral:weight=2,spatial=1,color=20", "--iterations", "3",
  ]
  private static let tiles = ["--tile", "16x8", "--overlap", "4"]

  init() throws {
    workspace = try Workspace.sample()
  }

  private func write(_ values: [Float], _ shape: [Int], as name: String) throws {
    try NPY.write(NumericArray(shape: shape, values: values), to: workspace.file(name))
  }

  /// An array of 8-bit numbers over the image, as NumPy writes it.
  private func writeBytes(_ bytes: [UInt8], as name: String) throws {
    let header =
      "{'descr': '|u1', 'fortran_order': False, 'shape': (\(Self.height), \(Self.width))}"
    let text = header.padding(toLength: 117, withPad: " ", startingAt: 0) + "\n"
    let file = [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(text.utf8) + bytes
    try Data(file).write(to: URL(fileURLWithPath: workspace.file(name)))
  }

  /// The logits of the disc against the ground.
  private static let logits = (0..<points).map {
    Workspace.scores[points + $0] - Workspace.scores[$0]
  }

  private func refine(_ file: String, _ arguments: [String]) throws -> Command {
    try workspace.run(
      ["--unary", file, "--image", "image.png", "--quiet"] + Self.kernels + arguments)
  }

  private func marginals(_ file: String, _ arguments: [String]) throws -> [Float] {
    let run = try refine(file, arguments + ["--marginals", "q.npy"])
    #expect(run.status == 0, "\(run.errors)")
    return try NPY.read(workspace.file("q.npy")).values
  }

  @Test(
    "one channel is refused with --binary, which gives what two labels give",
    arguments: [[height, width], [1, height, width]], [[], tiles])
  func binary(shape: [Int], tiling: [String]) throws {
    try write(Self.logits, shape, as: "one.npy")
    let refused = try refine("one.npy", tiling + ["--output", "o.png"])
    #expect(refused.status == 65)
    #expect(refused.errors.contains("is one channel"), "\(refused.errors)")
    #expect(refused.errors.contains("--binary"), "\(refused.errors)")
    #expect(!workspace.exists("o.png"))
    try write(
      [Float](repeating: 0, count: Self.points) + Self.logits, [2, Self.height, Self.width],
      as: "two.npy")
    #expect(try marginals("one.npy", tiling + ["--binary"]) == marginals("two.npy", tiling))
  }

  @Test("a probability of the foreground is that, in floats and in 8 bits", arguments: [[], tiles])
  func binaryProbabilities(tiling: [String]) throws {
    let shares = Self.logits.map { 1 / (1 + exp(-$0)) }
    try write(shares, [Self.height, Self.width], as: "share.npy")
    try write(
      shares.map { 1 - $0 } + shares, [2, Self.height, Self.width], as: "shares.npy")
    let kind = ["--unary-kind", "probabilities"]
    let expected = try marginals("shares.npy", tiling + kind)
    #expect(try marginals("share.npy", tiling + kind + ["--binary"]) == expected)
    try writeBytes(shares.map { UInt8(($0 * 255).rounded()) }, as: "bytes.npy")
    let refused = try refine("bytes.npy", tiling + kind + ["--binary", "--output", "o.png"])
    #expect(refused.status == 65)
    #expect(refused.errors.contains("--normalize-scores"), "\(refused.errors)")
    let found = try marginals("bytes.npy", tiling + kind + ["--binary", "--normalize-scores"])
    // Half a step of 1/255 is passed on by three updates, some times larger at most.
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 0.02 })
  }

  @Test("axes of length 1 are left out and named, whole and in tiles", arguments: [[], tiles])
  func singletonAxes(tiling: [String]) throws {
    let expected = try marginals("scores.npy", tiling)
    for (shape, axis) in [
      ([1, 3, Self.height, Self.width], 0), ([3, 1, Self.height, Self.width], 1),
    ] {
      try write(Workspace.scores, shape, as: "more.npy")
      let run = try refine("more.npy", tiling + ["--marginals", "q.npy"])
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.errors.contains("axis \(axis), of length 1, is left out"), "\(run.errors)")
      #expect(try NPY.read(workspace.file("q.npy")).values == expected)
    }
    try write(
      Workspace.scores + Workspace.scores, [2, 3, Self.height, Self.width], as: "batch.npy")
    #expect(try refine("batch.npy", tiling + ["--output", "o.png"]).status == 65)
  }

  @Test("infinite energies are constraints: as energies beyond all others", arguments: [[], tiles])
  func infinite(tiling: [String]) throws {
    let kind = ["--unary-kind", "energies"]
    func energies(_ ruledOut: Float) -> [Float] {
      Workspace.scores.enumerated().map {
        $0.offset % 7 == 0 && $0.offset < Self.points ? ruledOut : -$0.element
      }
    }
    try write(energies(.infinity), [3, Self.height, Self.width], as: "hard.npy")
    // What pydensecrf's users write in the place of infinity; e to the power of −1e6 is 0.
    try write(energies(1e6), [3, Self.height, Self.width], as: "large.npy")
    let found = try marginals("hard.npy", tiling + kind)
    #expect(found[0] == 0 && found[7] == 0)
    #expect(try found == marginals("large.npy", tiling + kind))
  }

  @Test("what is taken for logits and hardly is brings a warning, unless somebody says it is")
  func suspicions() throws {
    let points = Self.points
    let shares = (0..<3 * points).map { index in
      let weights = (0..<3).map { exp(2 * Workspace.scores[$0 * points + index % points]) }
      return weights[index / points] / weights.reduce(0, +)
    }
    let shape = [3, Self.height, Self.width]
    try write(shares, shape, as: "p.npy")
    try write(shares.map { -log($0) }, shape, as: "e.npy")
    try write(shares.map { ($0 * 255).rounded() }, shape, as: "b.npy")
    for (file, kind) in [
      ("p.npy", "probabilities"), ("e.npy", "energies"),
      ("b.npy", "probabilities --normalize-scores"),
    ] {
      for tiling in [[], Self.tiles] {
        let run = try refine(file, tiling + ["--output", "o.png"])
        #expect(run.status == 0)
        #expect(run.errors.contains("warning: \(file)"), "\(run.errors)")
        #expect(run.errors.contains("add --unary-kind \(kind)"), "\(run.errors)")
      }
      let sure = try refine(file, ["--output", "o.png", "--unary-kind", "logits"])
      #expect(sure.status == 0 && sure.errors.isEmpty, "\(sure.errors)")
    }
  }

  @Test("folders and tuning read scores alike, and say a warning of many files once")
  func folders() throws {
    try workspace.makeFolders("s", "i", "t")
    for name in ["a", "b", "c"] {
      try write(Self.logits, [1, Self.height, Self.width], as: "s/\(name).npy")
      try workspace.writeImage("i/\(name).png")
      try NPY.write(
        NumericArray(
          shape: [Self.height, Self.width], values: Workspace.truth.map { $0 == 1 ? 1 : 0 }),
        to: workspace.file("t/\(name).npy"))
    }
    let folders = ["--unary", "s", "--image", "i", "--ground-truth", "t"]
    let refused = try workspace.run(folders + ["--quiet", "--json"])
    #expect(refused.status == 65 && refused.errors.contains("--binary"))
    let refined = try workspace.run(folders + ["--binary", "--quiet", "--json"])
    #expect(refined.status == 0, "\(refined.errors)")
    #expect(refined.output.contains("\"binary\" : true"))
    let search = [
      "--bilateral-weight", "1", "--bilateral-spatial", "3,5", "--bilateral-color", "20",
      "--refinements", "0", "--quiet", "--json",
    ]
    let tuned = try Command.run(folders + ["--binary"] + search, of: "crf-tune", in: workspace)
    #expect(tuned.status == 0, "\(tuned.errors)")
    let lost = try Command.run(folders + search, of: "crf-tune", in: workspace)
    #expect(lost.status == 65 && lost.errors.contains("--binary"))
    for name in ["a", "b", "c"] {
      try write(Workspace.scores, [1, 3, Self.height, Self.width], as: "s/\(name).npy")
    }
    let warned = try workspace.run(folders + ["--quiet", "--json"])
    #expect(warned.status == 0, "\(warned.errors)")
    #expect(warned.errors.components(separatedBy: "is left out").count == 2, "\(warned.errors)")
    #expect(warned.errors.contains("the same goes for s/b.npy"), "\(warned.errors)")
  }

  @Test(
    "options of channels that contradict others are refused",
    arguments: [
      ["--binary", "--unary-kind", "energies"], ["--normalize-scores"],
      ["--binary", "--unary-kind", "labels", "--labels", "2"],
    ])
  func contradictions(options: [String]) throws {
    let run = try refine("scores.npy", options + ["--output", "o.png"])
    #expect(run.status == 64, "\(run.errors)")
    #expect(run.errors.contains("--binary") || run.errors.contains("--normalize-scores"))
  }
}
