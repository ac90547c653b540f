import Formats
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("What the numbers of label files stand for")
struct LabelMappingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func map(_ labels: [UInt16]) throws -> LabelMap {
    try LabelMap(grid: GridShape(width: labels.count, height: 1), labels: labels)
  }

  private func labels(_ text: String, void: UInt16 = 255, _ labels: [UInt16]) throws -> [UInt16] {
    try LabelMapping(text, void: void).labels(of: map(labels)).labels
  }

  @Test("a list changes the numbers that it names, and others where it says so")
  func lists() throws {
    #expect(try labels("255:1", [0, 255, 7]) == [0, 1, 7])
    #expect(try labels("0:void,7-9:2", [0, 7, 8, 9, 10, 255]) == [255, 2, 2, 2, 10, 255])
    #expect(try labels("7:0,others:void", [7, 0, 65535]) == [0, 255, 255])
    #expect(try labels("0:void", void: 9, [0, 9, 255]) == [9, 9, 255])
    // What does not count stays so, unless it is named.
    #expect(try labels("others:1", [0, 3, 255]) == [1, 1, 255])
  }

  @Test("zero-unlabelled counts from 1, and keeps what does not count")
  func zeroUnlabelled() throws {
    #expect(try labels("zero-unlabelled", [0, 1, 150, 255]) == [255, 0, 149, 255])
    #expect(
      errorText { _ = try LabelMapping("zero-unlabelled", void: 0) }
        .contains("leave the void label out"))
  }

  @Test("Cityscapes' ids become train ids, the others void; more there are not")
  func cityscapes() throws {
    #expect(
      try labels("cityscapes", [0, 7, 8, 11, 29, 33, 255]) == [255, 0, 1, 2, 255, 18, 255])
    let text = errorText { _ = try labels("cityscapes", [7, 34]) }
    #expect(text.contains("has the number 34 at row 0, column 1"), "\(text)")
    #expect(text.contains("expected 0…33, or 255"), "\(text)")
  }

  @Test("a file has an entry in each line, with comments, from any editor")
  func files() throws {
    let path = try folder.write(
      [0xEF, 0xBB, 0xBF] + Array("# mask\r\n0 0\r\n128,void # unsure\r\n200-255: 1\r\n".utf8),
      as: "map.txt")
    #expect(try labels(path, [0, 128, 255, 5]) == [0, 255, 1, 5])
    try folder.write(Array("0 0\n1 one\n".utf8), as: "bad.txt")
    let text = errorText { _ = try LabelMapping(folder.file("bad.txt")) }
    #expect(text.contains("bad.txt: line 2, '1 one', is not an entry"), "\(text)")
  }

  @Test(
    "what is no mapping is refused with what one looks like",
    arguments: [
      ("cityscape", "neither a known label map"), ("255", "neither a known"),
      (":1", "not an entry"),
      ("255:1,", "not an entry"), ("9-7:1", "not an entry"), ("1:70000", "not an entry"),
      ("255:one", "not an entry"), ("1:2:3", "not an entry"), ("3:1,2-4:0", "gives 3 a label"),
      ("others:1,others:2", "gives others a label"),
    ])
  func refused(text: String, problem: String) {
    let error = errorText { _ = try LabelMapping(text) }
    #expect(error.contains(problem) && error.contains("; "), "\(error)")
  }

  @Test("equal mappings have equal texts, whatever they are called")
  func descriptions() throws {
    try folder.write(Array("255 1\n".utf8), as: "map.txt")
    #expect(
      try LabelMapping(folder.file("map.txt")).description == LabelMapping("255:1").description)
    #expect(
      try LabelMapping("255:1,others:0").description != LabelMapping("255:1").description)
  }

  @Test("numbers below 0 in arrays can be mapped, and are named with how otherwise")
  func negative() throws {
    let path = folder.file("labels.npy")
    try NPY.write(NumericArray(shape: [1, 3], values: [-1, 0, 2]), to: path)
    let reading = LabelReading(mapping: try LabelMapping("-1:void"))
    #expect(try LabelFile.read(path, as: reading).labels == [255, 0, 2])
    #expect(errorText { _ = try LabelFile.read(path) }.contains("add the label mapping '-1:void'"))
    let regions = try LabelFile.regions(path, as: reading)
    #expect(try regions.read(GridRegion(rows: 0..<1, columns: 0..<2)).labels == [255, 0])
  }

  @Test("labels out of range say what they look like")
  func remedies() throws {
    func remedy(_ labels: [UInt16], _ number: UInt16, _ classes: Int) throws -> String {
      try map(labels).rangeRemedy(of: number, classes: classes, ignoring: nil)?.description ?? ""
    }
    #expect(try remedy([0, 255, 0], 255, 2).contains("the label mapping '255:1'"))
    #expect(try remedy([0, 3, 90, 200, 255, 254], 3, 2).contains("0-127:0,128-255:1"))
    #expect(try remedy([0, 1, 3], 3, 3).contains("the label mapping 'zero-unlabelled'"))
    #expect(try remedy([7, 26, 0, 255], 26, 19).contains("the label mapping 'cityscapes'"))
    #expect(try remedy([0, 1, 9], 9, 3) == "")
    #expect(try remedy([34], 34, 19) == "")
  }
}

@Suite("Label pictures in three equal channels")
struct GrayLabelTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// RGB of 5×4 pixels, gray but for `spot`.
  private func picture(
    _ name: String, bitDepth: Int = 8, interlaced: Bool = false, spot: (x: Int, y: Int)? = nil
  ) throws -> String {
    let bytes = PNGBytes(
      width: 5, height: 4, bitDepth: bitDepth, color: 2, isInterlaced: interlaced)
    return try folder.write(
      bytes.file { x, y, channel in
        spot.map { $0.x == x && $0.y == y && channel == 2 } == true ? 99 : (x + y) % 3
      }, as: name)
  }

  private let numbers = (0..<20).map { UInt16(($0 % 5 + $0 / 5) % 3) }

  @Test("they hold numbers where nobody has chosen a palette", arguments: [false, true])
  func numbers(interlaced: Bool) throws {
    let path = try picture("gray.png", interlaced: interlaced)
    let fallback = LabelReading(palette: .voc, isPaletteChosen: false)
    for reading in [LabelReading(), fallback] {
      #expect(try LabelFile.read(path, as: reading).labels == numbers)
      let regions = try LabelFile.regions(path, as: reading)
      let lower = try regions.read(GridRegion(rows: 2..<4, columns: 0..<5))
      #expect(lower.labels == Array(numbers[10...]))
    }
    // A palette that was chosen has a say in gray too: (1, 1, 1) is none of VOC's colours.
    #expect(errorText { _ = try LabelFile.read(path, palette: .voc) }.contains("(1, 1, 1)"))
  }

  @Test("a single coloured pixel makes colours of all, in whatever part of the picture it is")
  func spot() throws {
    let path = try picture("spot.png", spot: (4, 3))
    #expect(errorText { _ = try LabelFile.read(path) }.contains("no palette says which"))
    let regions = try LabelFile.regions(path, as: LabelReading())
    let text = errorText { _ = try regions.read(GridRegion(rows: 0..<1, columns: 0..<5)) }
    #expect(text.contains("no palette says which"), "\(text)")
  }

  @Test("16 bits, of which half would be lost, are no numbers")
  func deep() throws {
    let path = try picture("deep.png", bitDepth: 16)
    #expect(errorText { _ = try LabelFile.read(path) }.contains("no palette says which"))
  }
}
