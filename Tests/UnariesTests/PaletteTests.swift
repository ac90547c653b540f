import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite struct PaletteTests {
  /// From the development kit's table, which the bit rule must reproduce.
  @Test(arguments: [
    (0, 0, 0, 0), (1, 128, 0, 0), (2, 0, 128, 0), (4, 0, 0, 128), (7, 128, 128, 128), (8, 64, 0, 0),
    (15, 192, 128, 128), (20, 0, 64, 128), (21, 128, 64, 128), (255, 224, 224, 192),
  ])
  func theColoursOfVOC(label: Int, red: UInt8, green: UInt8, blue: UInt8) {
    #expect(Palette.voc.colors[label] == Palette.Color(red, green, blue))
  }

  @Test(arguments: ["voc", "cityscapes", "camvid"])
  func coloursAndLabelsAreOneToOne(name: String) throws {
    let palette = try Palette.named(name)
    #expect(Set(palette.colors).count == palette.colors.count)
    let labels = palette.colors.indices.map { UInt16($0) }
    #expect(try palette.labels(ofPixels: palette.pixels(of: labels), width: 1) == labels)
  }

  @Test func countsAndNamesAreThoseOfTheDataSets() {
    #expect(Palette.voc.colors.count == 256)
    #expect(Palette.voc.names[20] == "tvmonitor")
    #expect(Palette.cityscapes.colors.count == 19)
    #expect(Palette.cityscapes.names[13] == "car")
    #expect(Palette.camvid.colors.count == 11)
    #expect(Palette.camvid.names[10] == "Bicyclist")
  }

  @Test func anUnknownNameListsTheKnownOnes() {
    let error = #expect(throws: InputError.self) { try Palette.named("ade20k") }
    #expect(error?.kind == .usage)
    #expect(error?.remedy.description.contains("voc, cityscapes, camvid") == true)
  }

  @Test func aFileOfLinesIsAPalette() throws {
    let folder = try TemporaryFolder()
    let text = "# my classes\n128 64 128 the road \r\n\n  0\t0 0\n1 2 3 tree # green\n"
    let palette = try Palette.read(folder.write(Array(text.utf8), as: "p.txt"))
    #expect(palette.colors == [.init(128, 64, 128), .init(0, 0, 0), .init(1, 2, 3)])
    #expect(palette.names == ["the road", "", "tree"])
  }

  @Test(arguments: [
    ("1 2", "line 1 is '1 2'"), ("1 2 3 a\n256 0 0", "line 2"), ("1 2 -3", "line 1"),
    ("road 1 2 3", "line 1"), ("1 2 3\n\n1 2 3", "lines 1 and 3"), ("# only this", "0 colours"),
    (String(repeating: "\u{1}", count: 100), "line 1"),
  ])
  func otherLinesAreRefusedByNumber(text: String, problem: String) {
    let error = #expect(throws: InputError.self) { try Palette(text: text) }
    #expect(error?.problem.contains(problem) == true, "\(String(describing: error))")
  }

  @Test func moreThan256ColoursAreRefused() throws {
    let lines = (0..<257).map { "\($0 % 256) \($0 / 256) 0\n" }
    #expect(throws: InputError.self) { try Palette(text: lines.joined()) }
    #expect(try Palette(text: lines.dropLast().joined()).colors.count == 256)
  }
}
