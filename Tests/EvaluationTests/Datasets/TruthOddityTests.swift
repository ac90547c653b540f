import Evaluation
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Labels of a whole data set")
struct TruthOddityTests {
  private func oddity(_ occurring: Set<UInt16>, classes: Int?) -> TruthOddity? {
    TruthOddity(occurring: occurring, ignoring: 255, classes: classes)
  }

  @Test("what says less than it seems to is named, and nothing else")
  func kinds() {
    #expect(oddity([0, 255], classes: 2) == .singleClass(0, besides: 255))
    #expect(oddity([3], classes: nil) == .singleClass(3, besides: nil))
    #expect(oddity([255], classes: 2) == .nothingCounts(void: 255))
    #expect(oddity([0, 2, 255], classes: 5) == .absent([1, 3, 4]))
    #expect(oddity([0, 1], classes: 2) == nil)
    #expect(oddity([0, 5], classes: nil) == nil)
    #expect(oddity([0, 255], classes: 1) == nil)
    // A label that is no class is an error of its own.
    #expect(oddity([7], classes: 2) == nil)
    #expect(oddity([], classes: 2) == nil)
  }

  @Test("masks of 0 and 255 are told how to count 255; a rare class is named")
  func words() {
    let masks = "\(TruthOddity.singleClass(0, besides: 255).error(at: "labels", naming: ["sky"]))"
    #expect(
      masks.hasPrefix("labels: no label but 0 (sky) occurs, beside 255, which does not count"))
    #expect(masks.contains("add the label mapping '255:1'"))
    let absent = TruthOddity.absent([1, 4]).problem(naming: ["ground", "disc"])
    #expect(absent == "not a single pixel has the label 1 (disc), 4")
    #expect(TruthOddity.absent((0..<20).map { UInt16($0) }).problem().hasSuffix("7, and 12 more"))
  }

  private func set(_ labels: [[UInt16]], mapping: LabelMapping? = nil) throws -> (
    DatasetFolder, Dataset
  ) {
    let folder = try DatasetFolder()
    for (index, labels) in labels.enumerated() {
      try folder.writeImage("images/\(index).png")
      try folder.writeLabels("labels/\(index).png", labels)
    }
    try folder.write("ground\nthing\n", as: "classes.txt")
    return (folder, try Dataset(at: folder.path, mapping: mapping))
  }

  @Test("a data set is looked at as far as it takes, and its check says the same")
  func datasets() throws {
    let masks = [[UInt16]](repeating: [255, 255], count: 40)
    let (folder, dataset) = try set(masks)
    #expect(dataset.truthOddity(classes: 2, ignoring: 255) == .singleClass(0, besides: 255))
    #expect(DatasetCheck(dataset).oddity == .singleClass(0, besides: 255))
    let mapped = try Dataset(at: folder.path, mapping: LabelMapping("255:1"))
    #expect(mapped.truthOddity(classes: 2, ignoring: 255) == nil)
    let check = DatasetCheck(mapped)
    #expect(check.oddity == nil && check.problems.isEmpty)
    #expect(check.occurrences[1]?.pixels == 80)
    // The last of them shows what all others lack.
    let (_, late) = try set(masks + [[1]])
    #expect(late.truthOddity(classes: 2, ignoring: 255, parallelism: .serial) == nil)
  }

  @Test("a mapping takes the place of a layout's own ids, and what it lacks is a wrong label")
  func mapped() throws {
    let folder = try DatasetFolder()
    try folder.writeImage("leftImg8bit/val/ulm/ulm_0_leftImg8bit.png")
    try folder.writeLabels("gtFine/val/ulm/ulm_0_gtFine_labelIds.png", [7, 8, 77])
    let ids = try Dataset(at: folder.path, mapping: LabelMapping("7-8:3,others:void"))
    #expect(try ids.labels(0).labels.prefix(4) == [3, 3, 255, 255])
    let known = try Dataset(at: folder.path, mapping: LabelMapping("cityscapes"))
    let check = DatasetCheck(known)
    #expect(check.problems.map(\.fault) == [.mislabelled])
    #expect(check.problems.first?.text().contains("has the number 77") == true)
  }
}
