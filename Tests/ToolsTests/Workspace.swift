import Figures
import Formats
import Foundation
import LatticeSupport
import Testing
import Unaries

/// A folder with small inputs, gone with its last user.
///
/// What the program prints is kept outside of it, so that its contents are inputs and outputs only.
final class Workspace: Sendable {
  private let root: String
  let path: String

  static let width = 24
  static let height = 16
  static let labelCount = 3

  init() throws {
    root = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    path = root + "/files"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      atPath: root + "/logs", withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  func log(_ name: String) -> String { root + "/logs/" + name }

  func file(_ name: String) -> String { path + "/" + name }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

  func bytes(_ name: String) -> Data? { FileManager.default.contents(atPath: file(name)) }

  /// The names of everything in the folder, hidden files too.
  func contents(_ folder: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: file(folder)).sorted()
  }

  func makeFolders(_ names: String...) throws {
    for name in names {
      try FileManager.default.createDirectory(
        atPath: file(name), withIntermediateDirectories: true)
    }
  }

  func write(_ text: String, as name: String) throws {
    try text.write(toFile: file(name), atomically: false, encoding: .utf8)
  }

  func run(_ arguments: String..., interruption: (signal: Int32, after: Double)? = nil) throws
    -> Command
  {
    try Command.run(arguments, in: self, interruption: interruption)
  }

  func run(_ arguments: [String], measuresMemory: Bool = false) throws -> Command {
    try Command.run(arguments, in: self, measuresMemory: measuresMemory)
  }

  // MARK: Inputs

  /// The label of each pixel: a disc (1) on a ground (0) under a band (2).
  static let truth: [UInt16] = (0..<width * height).map { point in
    let (y, x) = point.quotientAndRemainder(dividingBy: width)
    if y < 4 { return 2 }
    return (x - 12) * (x - 12) + (y - 10) * (y - 10) <= 16 ? 1 : 0
  }

  /// The scores, right on the whole and noisy: (L, H, W) planes.
  static let scores: [Float] = {
    var generator = SeededGenerator(seed: 7)
    return (0..<labelCount * width * height).map { index in
      let (label, point) = index.quotientAndRemainder(dividingBy: width * height)
      return (Int(truth[point]) == label ? 0.7 : 0) + 1.5 * generator.uniform()
    }
  }()

  private static let colors: [[UInt8]] = [[60, 90, 40], [200, 60, 50], [90, 140, 220]]

  func writeScores(_ name: String = "scores.npy", scaled scale: Float = 1) throws {
    try NPY.write(
      NumericArray(
        shape: [Self.labelCount, Self.height, Self.width],
        values: Self.scores.map { $0 * scale }), to: file(name))
  }

  func writeImage(_ name: String = "image.png") throws {
    try PNG.write(
      Image(
        width: Self.width, height: Self.height,
        rgb: Self.truth.flatMap { Self.colors[Int($0)] }), to: file(name))
  }

  func writeTruth(_ name: String = "truth.png") throws {
    try PNG.write(
      LabelMap(grid: GridShape(width: Self.width, height: Self.height), labels: Self.truth),
      palette: .voc, to: file(name))
  }

  /// A workspace with `scores.npy`, `image.png` and `truth.png`.
  static func sample() throws -> Workspace {
    let workspace = try Workspace()
    try workspace.writeScores()
    try workspace.writeImage()
    try workspace.writeTruth()
    return workspace
  }
}

extension Trait where Self == ConditionTrait {
  /// For tests that look at figures, which cairo draws.
  static var drawsFigures: Self { .enabled(if: Drawing.isAvailable, "cairo is not installed") }
}
