import Evaluation
import Formats
import Foundation
import TestSupport
import Testing
import Unaries

@Suite("Names in lists and on disk")
struct DatasetNameTests {
  private let folder: DatasetFolder
  private static let list = "ImageSets/Segmentation/val.txt"

  init() throws { folder = try DatasetFolder() }

  /// A data set in VOC's layout with these photographs, and a list of these lines.
  private func voc(_ photographs: [String], list: String) throws -> Dataset {
    for name in photographs {
      try folder.writeImage("JPEGImages/\(name)")
      let stem = name.prefix(upTo: name.lastIndex(of: ".") ?? name.endIndex)
      try folder.writeLabels("SegmentationClass/\(stem).png", [1])
    }
    try folder.write(list, as: Self.list)
    return try Dataset(at: folder.path, layout: DatasetLayouts.named("voc"))
  }

  @Test(
    "photographs are found whatever case their endings have",
    arguments: ["jpg", "JPG", "JPEG", "Png"])
  func endings(ending: String) throws {
    let dataset = try voc(["a.\(ending)"], list: "a\n")
    #expect(dataset.entries[0].image == folder.file("JPEGImages/a.\(ending)"))
    try dataset.checkPresence()
  }

  @Test("labels are found by their stems too")
  func labelEndings() throws {
    try folder.write("a\nb\nc\n", as: Self.list)
    for name in ["a", "b", "c"] { try folder.writeImage("JPEGImages/\(name).jpg") }
    try folder.writeLabels("SegmentationClass/a.PNG")
    try folder.writeLabels("SegmentationClass/b.npy")
    let dataset = try Dataset(at: folder.path)
    let labels = dataset.entries.map { String($0.labels.dropFirst(folder.path.count + 1)) }
    #expect(
      labels == ["a.PNG", "b.npy", "c.png"].map { "SegmentationClass/\($0)" })
  }

  @Test(
    "a line of a list is what lies on disk",
    arguments: [
      "two words", "has three words", "tab\there", "  two words  ", "two words.jpg",
      "JPEGImages/two words.jpg", "\"two words\"", "two words 1", "two words\t-1", "5 1",
    ])
  func lines(line: String) throws {
    let names = ["two words", "has three words", "tab\there", "5"]
    let dataset = try voc(names.map { $0 + ".jpg" }, list: line + "\n")
    let expected = names.first { line.contains($0) } ?? ""
    #expect(dataset.entries.map(\.name) == [expected])
    try dataset.checkPresence()
  }

  @Test("a name that ends in a number is not a name with a flag")
  func numbers() throws {
    let dataset = try voc(["street 1.jpg", "street.jpg"], list: "street 1\nstreet  -1\n")
    #expect(dataset.entries.map(\.name) == ["street 1", "street"])
  }

  @Test("a name that is not there is missing, not two paths")
  func missing() throws {
    let dataset = try voc(["a.jpg"], list: "no such name\n")
    #expect(dataset.entries[0].image == folder.file("JPEGImages/no such name.jpg"))
  }

  @Test(
    "pairs of paths may have blanks: in quotes, behind a tab, or where both files are there",
    arguments: [
      "\"my photos/a b.jpg\" \"my labels/a b.png\"", "my photos/a b.jpg\tmy labels/a b.png",
      "my photos/a b.jpg my labels/a b.png", "/my photos/a b.jpg /my labels/a b.png",
      "my photos\\a b.jpg my labels\\a b.png",
    ])
  func pairs(line: String) throws {
    try folder.writeImage("my photos/a b.jpg")
    try folder.writeLabels("my labels/a b.png", [2])
    try folder.write(line + "\r\n", as: "lists/mine.txt")
    let dataset = try Dataset(
      at: folder.path, layout: DatasetLayouts.named("voc"), split: folder.file("lists/mine.txt"))
    #expect(dataset.entries.map(\.name) == ["a b"])
    #expect(try dataset.labels(0).labels[0] == 2)
  }

  @Test("paths of a pair are not a name that the labels' file happens to have")
  func pairOfANameThatIsThere() throws {
    try folder.writeLabels("elsewhere/a.png", [2])
    let dataset = try voc(["a.jpg"], list: "JPEGImages/a.jpg elsewhere/a.png\n")
    #expect(dataset.entries[0].labels == folder.file("elsewhere/a.png"))
  }

  @Test("a quote that is not closed, and words that name nothing, are refused with their line")
  func refused() throws {
    func text(_ line: String) throws -> String {
      try folder.write("a.jpg a.png\n\(line)\n", as: "mine.txt")
      return errorText {
        _ = try Dataset(
          at: folder.path, layout: DatasetLayouts.named("voc"), split: folder.file("mine.txt"))
      }
    }
    #expect(try text("\"a b.jpg a.png").contains("line 2 is '\"a b.jpg a.png', which has a quote"))
    #expect(try text("a b.jpg a.png").contains("paths with blanks in quotes"))
  }

  @Test("lists and names of classes may come from Windows' editors")
  func encodings() throws {
    let text = try #require("ground\r\nroad\r\n".data(using: .utf16LittleEndian))
    _ = try voc(["a.jpg"], list: "\u{FEFF}a\r\n")
    try (Data([0xFF, 0xFE]) + text).write(to: URL(fileURLWithPath: folder.file("classes.txt")))
    let dataset = try Dataset(at: folder.path)
    #expect(dataset.entries.map(\.name) == ["a"])
    #expect(dataset.classNames == ["ground", "road"])
  }

  @Test("Cityscapes' photographs may have any readable ending")
  func cityscapes() throws {
    try folder.writeImage("leftImg8bit/val/ulm/ulm_0_leftImg8bit.JPG")
    try folder.writeLabels("gtFine/val/ulm/ulm_0_gtFine_labelIds.npy", [7, 11])
    let dataset = try Dataset(at: folder.path)
    #expect(dataset.entries.map(\.name) == ["ulm_0"])
    #expect(try dataset.labels(0).labels.prefix(3) == [0, 2, 255])
    #expect(
      dataset.layout.predictionNames(for: dataset.entries[0]) == [
        "ulm_0", "ulm_0_leftImg8bit", "ulm_0_gtFine_labelIds", "ulm_0_gtFine_labelTrainIds",
      ])
  }
}
