import Formats
import LatticeSupport
import Unaries

/// A photograph of the street, what is truly in it, and a network's scores for it.
struct Sample: Sendable {
  let image: Image
  let truth: LabelMap
  let scores: NumericArray

  init(seed: UInt64) throws {
    let camera = Camera(street: Street(seed: seed))
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

  /// Writes `image.png`, `ground-truth.png`, `logits.npy` and `palette.txt`.
  func write(to folder: String) throws {
    let palette = Palette(colors: SceneClass.allCases.map(\.color))
    try PNG.write(image, to: folder + "/image.png")
    try PNG.write(truth, palette: palette, to: folder + "/ground-truth.png")
    // Half precision holds three digits of a score, which is more than a network's scores mean.
    try NPY.write(scores, to: folder + "/logits.npy", type: .float16)
    let lines = SceneClass.allCases.map {
      "\($0.color.red) \($0.color.green) \($0.color.blue) \($0)\n"
    }
    try AtomicOutput.write(to: folder + "/palette.txt") { try $0.write(lines.joined()) }
  }
}
