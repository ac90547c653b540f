import Evaluation
import Formats
import LatticeSupport
import Testing
import Unaries

@Suite("The evaluation of a data set")
struct DatasetEvaluationTests {
  private let folder: DatasetFolder
  private static let truth: [UInt16] = [0, 1, 1, 255, 0, 1]

  init() throws {
    folder = try DatasetFolder()
    for name in ["a", "b"] {
      try folder.writeImage("images/\(name).jpg")
      try folder.writeLabels("labels/\(name).png", Self.truth)
    }
    try folder.write("zero\none\n", as: "classes.txt")
  }

  @Test("counts labels as they come, and what becomes of their energies, over all photographs")
  func counts() throws {
    let dataset = try Dataset(at: folder.path)
    let grid = DatasetFolder.grid
    for name in ["a", "b"] {
      // Label 0 everywhere, by a little.
      let values = (0..<2 * grid.count).map { Float($0 < grid.count ? 0.5 : 0) }
      try folder.write("", as: "scores/\(name).npy")
      try NPY.write(
        NumericArray(shape: [2, grid.height, grid.width], values: values),
        to: folder.file("scores/\(name).npy"))
    }
    let source = try LabelSource(
      scores: folder.file("scores"), of: dataset, reading: ScoreReading(), parallelism: .serial)
    #expect(source.labelCount == 2)
    var evaluation = DatasetEvaluation(dataset, labelledBy: source)
    evaluation.trimapWidth = 1
    // As if a refinement knew the truth, but for void.
    evaluation.refine = { energies, image, _ in
      #expect(energies.grid == image.image.grid)
      let rest = [UInt16](repeating: 0, count: grid.count - Self.truth.count)
      return try LabelMap(grid: grid, labels: Self.truth.map { $0 == 255 ? 0 : $0 } + rest)
    }
    var seen: [Int] = []
    let outcome = try evaluation.run { index, counts in
      seen.append(index)
      #expect(counts.before.total == Int64((index + 1) * (grid.count - 1)))
    }
    #expect(seen == [0, 1])
    // Of 23 pixels that count in each, 3 are of class 1.
    #expect(outcome.counts.before[truth: 0, prediction: 0] == 40)
    #expect(outcome.counts.before[truth: 1, prediction: 0] == 6)
    #expect(outcome.counts.after?.pixelAccuracy == 1)
    #expect(outcome.counts.voidPixels == 2)
    #expect(outcome.counts.bandsBefore?.bands.count == 1)
    #expect(outcome.orientations.isEmpty)
  }

  @Test("takes label maps as they are, and names the file that is missing")
  func labelMaps() throws {
    let dataset = try Dataset(at: folder.path)
    try folder.writeLabels("predicted/a.png", Self.truth.map { $0 == 255 ? 0 : $0 })
    #expect(throws: InputError.self) {
      try LabelSource(labels: folder.file("predicted"), of: dataset, labelCount: 2)
    }
    try folder.writeLabels("predicted/b.png")
    let source = try LabelSource(labels: folder.file("predicted"), of: dataset, labelCount: 2)
    let outcome = try DatasetEvaluation(dataset, labelledBy: source).run()
    #expect(outcome.counts.before[truth: 1, prediction: 1] == 3)
    #expect(outcome.counts.before[truth: 1, prediction: 0] == 3)
    #expect(outcome.counts.after == nil)
  }
}
