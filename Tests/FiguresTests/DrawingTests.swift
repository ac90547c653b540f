import Figures
import Formats
import Foundation
#if canImport(FoundationXML)
  import FoundationXML
#endif
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Drawings", .enabled(if: canDraw, "cairo is not installed"))
struct DrawingTests {
  private static let text = "a < b & \"σα\" ’n"

  /// One of everything.
  private var drawing: Drawing {
    var drawing = Drawing(width: 60, height: 40)
    drawing.text(Self.text, at: Place(30, 10), .middle, .heading)
    drawing.text("up", at: Place(50, 30), .end, isUpright: true)
    drawing.line([Place(0, 39), Place(60, 39)], thickness: 2, dash: 3, .distinct(1))
    drawing.disc(Place(10, 30), radius: 4, .distinct(2))
    drawing.frame(Box(x: 1, y: 1, width: 50, height: 30), .faint)
    drawing.clipped(to: Box(x: 20, y: 20, width: 4, height: 4)) {
      $0.picture(
        Picture(width: 2, height: 1, rgb: [200, 0, 0, 0, 0, 200]),
        in: Box(x: 20, y: 20, width: 8, height: 4))
    }
    return drawing
  }

  @Test("pixels of pictures stay sharp, and nothing is drawn outside of a clip")
  func pixels() throws {
    let picture = try drawing.picture()
    // With a picture in it, a unit is a pixel.
    #expect((picture.width, picture.height) == (60, 40))
    #expect(picture.count(of: [200, 0, 0]) == 16)
    #expect(picture.count(of: [0, 0, 200]) == 0)
    var plain = Drawing(width: 10, height: 5)
    plain.box(Box(x: 1, y: 1, width: 2, height: 3), Color(1, 2, 3))
    let large = try plain.picture()
    #expect((large.width, large.height) == (20, 10))
    #expect(large.count(of: [1, 2, 3]) == 24)
  }

  @Test("SVG is XML with text as text and pictures inside")
  func svg() throws {
    let folder = try TemporaryFolder()
    try drawing.write(to: folder.file("d.svg"))
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("d.svg")))
    let found = XMLText()
    let parser = XMLParser(data: data)
    parser.delegate = found
    #expect(parser.parse())
    #expect(found.texts == [Self.text, "up"])
    #expect(found.elements["image"] == 1)
    #expect(found.elements["clipPath"] == 1)
  }

  @Test("in a page, ink and paper have the page's colours, and only there")
  func themed() throws {
    let themed = try drawing.svg(isThemed: true, description: "1 < 2")
    #expect(themed.contains("var(--ink,#19191c)") && themed.contains("var(--paper,#ffffff)"))
    #expect(themed.contains("<title>1 &lt; 2</title>"))
    #expect(!(try drawing.svg().contains("var(")))
  }

  @Test("PDF is written, with its text as text where pdftotext is there to say so")
  func pdf() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("d.pdf")
    // What lies beyond the page, pdftotext leaves out.
    var drawing = Drawing(width: 200, height: 40)
    drawing.text(Self.text, at: Place(10, 20))
    try drawing.write(to: path)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(bytes.starts(with: Array("%PDF-".utf8)))
    guard let output = try Self.output(of: "pdftotext", [path, "-"]) else { return }
    #expect(output.contains("a < b & \"σα\""))
  }

  @Test("SVG and PDF come to the same picture, where rsvg-convert and pdftoppm are there")
  func converters() throws {
    let folder = try TemporaryFolder()
    for (name, tool, arguments) in [
      ("d.svg", "rsvg-convert", ["-o", folder.file("svg.png")]),
      ("d.pdf", "pdftoppm", ["-r", "72", "-png", "-singlefile"]),
    ] {
      try drawing.write(to: folder.file(name))
      let targets = tool == "pdftoppm" ? [folder.file("pdf")] : []
      guard try Self.output(of: tool, arguments + [folder.file(name)] + targets) != nil else {
        continue
      }
      let image = try Picture(PNG.read(folder.file(String(name.suffix(3)) + ".png")))
      #expect((image.width, image.height) == (60, 40))
      // The red pixel of 4 × 4, whose edges a converter may blend.
      #expect((4...16).contains(image.count(of: [200, 0, 0])))
      #expect(image.count(of: [0, 0, 200]) == 0)
    }
  }

  /// What a program prints; `nil` where it is not installed, which is said.
  private static func output(of tool: String, _ arguments: [String]) throws -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    guard
      let path = folders.map({ "\($0)/\(tool)" }).first(where: FileManager.default.isExecutableFile)
    else {
      print("\(tool) is not installed: what it would say is not looked at")
      return nil
    }
    let (process, pipe) = (Process(), Pipe())
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: data, as: UTF8.self)
  }

  @Test("a picture that is too large is refused by its size")
  func tooLarge() {
    let text = errorText { _ = try Drawing(width: 1e6, height: 1e6).picture(scale: 1) }
    #expect(text.contains("a picture of 1000000×1000000 pixels is too large"))
  }

  @Test("text is shortened to the room that there is")
  func shortened() {
    let style = Drawing.Style.plain
    #expect(style.shortened("short", to: 100) == "short")
    let short = style.shortened("a name that is far too long for it", to: 80)
    #expect(short.hasSuffix("…") && style.width(of: short) <= 80)
    #expect(style.width(of: short) > 40)
  }
}

@Suite("Names of figures")
struct DrawingFormatTests {
  @Test("the ending says the format; what says none is refused before anything is drawn")
  func formats() throws {
    #expect(try DrawingFormat(of: "a.b/c.PNG") == .png)
    #expect(try DrawingFormat(of: "c.d.svg") == .svg)
    #expect(try DrawingFormat(of: "/dev/stdout") == .png)
    for path in ["figure.jpg", "a.png/figure", "svg"] {
      #expect(errorText { _ = try DrawingFormat(of: path) }.contains(".png, .svg or .pdf"))
    }
  }
}

@Suite("Pictures of figures")
struct PictureTests {
  @Test("images of any channels and numbers, and labels, become 8-bit colours")
  func kinds() throws {
    let gray = try Image(
      grid: GridShape(width: 2, height: 1), channels: 1, pixels: .bytes([7, 9]))
    #expect(try Picture(gray).rgb == [7, 7, 7, 9, 9, 9])
    let bands = try Image(
      grid: GridShape(width: 1, height: 1), channels: 4, pixels: .floats([-1, 1, 0, 1]))
    #expect(try Picture(bands).rgb == [0, 255, 128])
    let map = try LabelMap(grid: GridShape(width: 2, height: 1), labels: [1, 0])
    let palette = Palette(colors: [.init(1, 2, 3), .init(4, 5, 6)])
    #expect(try Picture(map, palette).rgb == [4, 5, 6, 1, 2, 3])
    #expect(try Picture(map, palette).image.grid == map.grid)
    let volume = try LabelMap(grid: GridShape([1, 1, 1]), labels: [0])
    #expect(errorText { _ = try Picture(volume, palette) }.contains("two axes"))
  }

  @Test("a large picture is reduced by a whole factor to means, a small one is left alone")
  func reduced() {
    let picture = Picture(
      width: 4, height: 2, rgb: (0..<8).flatMap { [UInt8(10 * $0), 0, 255] })
    let half = picture.reduced(to: 2)
    #expect((half.width, half.height) == (2, 1))
    // (0 + 10 + 40 + 50) / 4, (20 + 30 + 60 + 70) / 4.
    #expect(half.rgb == [25, 0, 255, 45, 0, 255])
    #expect(picture.reduced(to: 4).rgb == picture.rgb)
  }
}

/// The texts and elements of an XML file.
private final class XMLText: NSObject, XMLParserDelegate {
  var texts: [String] = []
  var elements: [String: Int] = [:]
  private var isText = false

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    elements[name, default: 0] += 1
    isText = name == "text"
    if isText { texts.append("") }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    if isText { texts[texts.count - 1] += string }
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    isText = false
  }
}
