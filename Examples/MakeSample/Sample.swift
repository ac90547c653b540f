import Formats
import LatticeSupport
import Unaries

/// A photograph of the street, what is truly in it, and a network's scores for it.
struct Sample: Sendable {
  let image: Image
  let truth: LabelMap
  let scores: NumericArray

  /// - Parameter frame: how far the camera has come; the noise of each is its own.
  init(seed: UInt64, frame: Int = 0) throws {
    let camera = Camera(street: Street(seed: seed), frame: frame)
    // Far from the seeds of streets.
    let seed = seed &+ 1_000_003 &* UInt64(frame)
    let (width, height) = (camera.width, camera.height)
    let (light, labels) = camera.expose()
    let sensor = Sensor(width: width, height: height)
    let model = ScoreModel(width: width, height: height, seed: seed &+ 4)

    image = try Image(width: width, height: height, rgb: sensor.develop(light, seed: seed))
    truth = try LabelMap(grid: GridShape(width: width, height: height), labels: labels)
    scores = try NumericArray(
      shape: [SceneClass.allCases.count, model.rows, model.columns],
      values: model.scores(for: labels))
  }

  /// Makes the frames of a sequence, one after another: `images/0000.png`, `truth/0000.png`,
  /// `scores/0000.npy`, and `flow/0000.flo`, which leads to the next frame; and `palette.txt`.
  static func writeFrames(_ count: Int, seed: UInt64, to folder: String) throws {
    for kind in ["images", "truth", "scores", "flow"] {
      try FolderListing.create("\(folder)/\(kind)")
    }
    for frame in 0..<count {
      let sample = try Sample(seed: seed, frame: frame)
      let digits = String(frame)
      let name = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
      try PNG.write(sample.image, to: "\(folder)/images/\(name).png")
      try PNG.write(sample.truth, palette: palette, to: "\(folder)/truth/\(name).png")
      try NPY.write(sample.scores, to: "\(folder)/scores/\(name).npy", type: .float16)
      guard frame < count - 1 else { break }
      let flow = Camera(street: Street(seed: seed), frame: frame).flow()
      try FlowFile.write(
        FlowField(grid: sample.image.grid, vectors: flow), to: "\(folder)/flow/\(name).flo")
    }
    try writePalette(to: folder)
  }

  private static let palette = Palette(colors: SceneClass.allCases.map(\.color))

  /// Writes `image.png`, `ground-truth.png`, `logits.npy` and `palette.txt`.
  func write(to folder: String) throws {
    try PNG.write(image, to: folder + "/image.png")
    try PNG.write(truth, palette: Self.palette, to: folder + "/ground-truth.png")
    // Half precision holds three digits of a score, which is more than a network's scores mean.
    try NPY.write(scores, to: folder + "/logits.npy", type: .float16)
    try Self.writePalette(to: folder)
  }

  private static func writePalette(to folder: String) throws {
    let lines = SceneClass.allCases.map {
      "\($0.color.red) \($0.color.green) \($0.color.blue) \($0)\n"
    }
    try AtomicOutput.write(to: folder + "/palette.txt") { try $0.write(lines.joined()) }
  }
}
