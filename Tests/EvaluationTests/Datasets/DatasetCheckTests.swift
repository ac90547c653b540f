import Evaluation
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Checks of data sets")
struct DatasetCheckTests {
  private let folder: DatasetFolder

  /// Eight photographs in order.
  init() throws {
    folder = try DatasetFolder()
    let names = (0..<8).map { "n\($0)" }
    try folder.write(names.joined(separator: "\n"), as: "ImageSets/Segmentation/val.txt")
    for name in names {
      try folder.writeImage("JPEGImages/\(name).jpg")
      try folder.writeLabels("SegmentationClass/\(name).png", [1, 255])
    }
    try folder.write("ground\nroad\nsky\n", as: "classes.txt")
  }

  @Test("a sound data set has no problems, and its pixels are counted by class")
  func sound() throws {
    let check = try DatasetCheck(Dataset(at: folder.path))
    #expect(check.problems.isEmpty)
    #expect(check.soundCount == 8)
    #expect(check.occurrences.keys.sorted() == [0, 1, 255])
    #expect(check.occurrences[0]?.pixels == 8 * 22)
    #expect(check.occurrences[1]?.images == 8)
    #expect(check.occurrences[255]?.pixels == 8)
  }

  @Test("every fault is found and named, in the order of the list, on one thread or several")
  func faults() throws {
    try folder.remove("JPEGImages/n1.jpg")
    try folder.remove("SegmentationClass/n2.png")
    try folder.write("no image at all", as: "JPEGImages/n3.jpg")
    try folder.writeLabels("SegmentationClass/n4.png", grid: GridShape(width: 5, height: 4))
    try folder.writeLabels("SegmentationClass/n5.png", [0, 0, 3])
    try folder.writeImage("SegmentationClass/n6.png")
    try folder.write(
      (0..<8).map { "n\($0)" }.joined(separator: "\n") + "\nn0\n",
      as: "ImageSets/Segmentation/val.txt")
    let dataset = try Dataset(at: folder.path)
    let check = DatasetCheck(dataset, parallelism: .serial)
    #expect(
      check.problems.map(\.fault) == [
        .missing, .missing, .unreadable, .misSized, .mislabelled, .unreadable, .repeated,
      ])
    #expect(
      check.problems.map { String($0.path.dropFirst(folder.path.count + 1)) } == [
        "JPEGImages/n1.jpg", "SegmentationClass/n2.png", "JPEGImages/n3.jpg",
        "SegmentationClass/n4.png", "SegmentationClass/n5.png", "SegmentationClass/n6.png",
        "JPEGImages/n0.jpg",
      ])
    #expect(check.problems[3].text().contains("labels 5×4 pixels, but the image has 6×4"))
    #expect(
      check.problems[4].text().hasPrefix(
        "has the label 3 at row 0, column 2, but there are 3 classes"))
    #expect(check.problems[5].text().contains("no palette"))
    #expect(check.soundCount == 2)
    #expect(DatasetCheck(dataset, parallelism: Parallelism(threads: 3)).problems == check.problems)
  }

  @Test("an id that Cityscapes has not is a wrong label; the others are counted")
  func ids() throws {
    let set = try DatasetFolder()
    try set.writeImage("leftImg8bit/val/ulm/ulm_0_leftImg8bit.png")
    // 7 is road, 0…3 count for nothing.
    try set.writeLabels("gtFine/val/ulm/ulm_0_gtFine_labelIds.png", [7, 7, 77])
    let check = try DatasetCheck(Dataset(at: set.path))
    #expect(check.problems.map(\.fault) == [.mislabelled])
    #expect(check.problems.first?.text().contains("has the label 77 at row 0, column 2") == true)
    #expect(check.occurrences[0]?.pixels == 2)
    #expect(check.occurrences[Dataset.void]?.pixels == DatasetFolder.grid.count - 3)
    #expect(check.occurrences[77] == nil)
  }

  @Test("progress tells how many were read, up to all")
  func progress() throws {
    var told: [Int] = []
    _ = try DatasetCheck(Dataset(at: folder.path)) { told.append($0) }
    #expect(told.last == 8)
  }
}
