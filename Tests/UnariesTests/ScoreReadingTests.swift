import Formats
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Scores and the images that they belong to")
struct ScoreReadingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let (width, height, labels) = (6, 4, 3)

  /// Scores of three labels on a grid, and a picture of twice its size.
  private func files(named name: String = "a", factor: Int = 2) throws -> ScoreFiles {
    var random = SeededGenerator(seed: 3)
    let shape = [Self.labels, Self.height, Self.width]
    let values = (0..<shape.reduce(1, *)).map { _ in 4 * random.normal() }
    try NPY.write(NumericArray(shape: shape, values: values), to: folder.file("\(name).npy"))
    let (width, height) = (factor * Self.width, factor * Self.height)
    let image = try Image(
      width: width, height: height, rgb: (0..<3 * width * height).map { UInt8($0 % 251) })
    try PNG.write(image, to: folder.file("\(name).png"))
    return ScoreFiles(scores: folder.file("\(name).npy"), image: folder.file("\(name).png"))
  }

  private static func values(_ image: Image) -> [Float] {
    (0..<image.grid.count).flatMap { point in
      (0..<image.channels).map { image[point, $0] }
    }
  }

  @Test("have the energies of a score map over the image, whole and by regions")
  func loading() throws {
    let files = try files()
    let loaded = try ScoreReading().load(files, parallelism: .serial)
    #expect(loaded.scene.image?.grid == GridShape(width: 12, height: 8))
    #expect(loaded.summary.grid == GridShape(width: 6, height: 4))
    #expect(loaded.image?.isPicture == true && loaded.image?.unit == 1)
    let unary = try ScoreMapUnary(NPY.read(files.scores), kind: .logits, layout: .channelsFirst)
    // The same code makes both: not a bit differs.
    #expect(
      try loaded.energies.values.planes() == unary.energies(for: loaded.scene).values.planes())

    let opened = try ScoreReading().open(files, parallelism: .serial)
    #expect(opened.grid == loaded.scene.grid && opened.labelCount == 3)
    let region = GridRegion(rows: 3..<7, columns: 2..<9)
    let scene = try opened.scene(region)
    let whole = GridRegion(allOf: opened.grid)
    #expect(scene.origin == [3, 2])
    let image = try Self.values(#require(loaded.scene.image))
    #expect(
      try Self.values(#require(scene.image)) == whole.cut(region, from: image, channels: 3))
    let energies = try opened.energies(region).values
    for row in region.rows {
      for column in region.columns {
        let (here, there) = (
          region.point(row: row, column: column), whole.point(row: row, column: column)
        )
        for label in 0..<3 {
          #expect(energies[here, label] == loaded.energies.values[there, label])
        }
      }
    }
  }

  @Test("give their energies to one owner")
  func ownership() throws {
    var loaded = try ScoreReading().load(files(), parallelism: .serial)
    #expect(loaded.takeEnergies().labelCount == 3)
  }

  @Test("are label maps where somebody says so, which say nothing of how many labels there are")
  func labelMaps() throws {
    let map = try LabelMap(grid: GridShape(width: 2, height: 1), labels: [0, 2])
    try LabelFile.write(map, to: folder.file("l.png"))
    var reading = ScoreReading()
    (reading.meaning, reading.labelCount, reading.confidence) = (.labels, 3, 0.5)
    let energies = try reading.load(ScoreFiles(scores: folder.file("l.png"))).energies
    #expect(energies.labels(parallelism: .serial).labels == map.labels)
    reading.labelCount = 2
    #expect(throws: InputError.self) {
      try reading.load(ScoreFiles(scores: folder.file("l.png")))
    }
  }

  @Test("are refused with what is wrong, in words that name no option")
  func refusals() throws {
    let files = try files()
    let text = errorText { _ = try ScoreReading().load(ScoreFiles(scores: files.image ?? "")) }
    #expect(text.contains("is a picture") && text.contains("the score kind 'labels'"), "\(text)")
    let swapped = errorText {
      _ = try ScoreReading().load(ScoreFiles(scores: files.image ?? "", image: files.scores))
    }
    #expect(swapped.contains("look swapped"), "\(swapped)")
    #expect(!(text + swapped).contains("--"))
  }

  @Test("An image that is read by regions is opened once: what it is called may change meanwhile")
  func openedOnce() throws {
    // Quarter turns: 3 × 2 pixels as stored, 2 × 3 upright, which the labels have.
    let stored = PNGBytes(width: 3, height: 2, bitDepth: 8, color: 2)
      .file { x, y, channel in 10 * (3 * y + x) + channel }
    let path = try folder.write(
      EXIFBytes.png(
        stored, with: EXIFBytes.block(orientation: 6, isLittle: true), afterPixels: false),
      as: "turned.png")
    for grid in [GridShape(width: 3, height: 2), GridShape(width: 2, height: 3)] {
      let expected = try ImageFile.read(path, rows: grid.width == 2 ? .upright : .stored)
      let image = SceneImage(path, layout: .channelsFirst, PictureReading())
      let contents = try image.open()
      try FileManager.default.moveItem(atPath: path, toPath: path + ".moved")
      let opened = try image.regions(of: contents, with: .init(labels: grid))
      #expect(opened.notes.orientation?.isApplied == (grid.width == 2))
      // The first pixel has been looked at: regions go on from there.
      #expect(
        try Self.values(opened.regions.read(GridRegion(allOf: grid))) == Self.values(expected))
      try FileManager.default.moveItem(atPath: path + ".moved", toPath: path)
    }
  }
}
