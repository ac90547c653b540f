import Figures
import Foundation
import TestSupport
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite("Pages", .enabled(if: canDraw, "cairo is not installed"))
struct ReportPageTests {
  private var page: ReportPage {
    get throws {
      var page = ReportPage(title: "<script>alert(1)</script>")
      page.section("a & b")
      page.text("1 < 2")
      page.table(head: ["<b>"], rows: [["\"quoted\""], ["<img src=x>"]])
      page.facts([("k", "'v'")])
      let chart = LineChart(title: "<i>", x: "x", y: "y", series: [.init("</svg>", [(0, 1)])])
      try page.figure(chart.drawing, caption: "a > b")
      page.run(arguments: ["tool", "a b", "it's", ""], threads: 3)
      return page
    }
  }

  @Test("every text is escaped, and the page loads and runs nothing")
  func escaped() throws {
    let html = try page.html
    #expect(!html.contains("<script") && !html.contains("<img") && !html.contains("<i>"))
    #expect(html.contains("&lt;script&gt;alert(1)") && html.contains("&lt;img src=x&gt;"))
    #expect(html.contains("default-src 'none'"))
    // SVG's name space is no address that is asked for.
    #expect(html.components(separatedBy: "://").count == 2)
    #expect(html.contains("prefers-color-scheme: dark") && html.contains("var(--ink"))
  }

  @Test("what stands between the tags is well-formed")
  func wellFormed() throws {
    let html = try page.html
    let start = try #require(html.range(of: "<main>"))
    let end = try #require(html.range(of: "</main>"))
    let parser = XMLParser(data: Data(html[start.lowerBound..<end.upperBound].utf8))
    #expect(parser.parse())
  }

  @Test("the command can be pasted into a shell")
  func command() throws {
    #expect(try page.html.contains("tool &#39;a b&#39; &#39;it&#39;\\&#39;&#39;s&#39; &#39;&#39;"))
  }

  @Test("a page is named .html")
  func name() {
    #expect(errorText { try ReportPage.check("page.pdf") }.contains("name it .html"))
    #expect(throws: Never.self) { try ReportPage.check("page.html") }
  }
}

@Suite("Rows of pictures", .enabled(if: canDraw, "cairo is not installed"))
struct PictureGridTests {
  @Test("pictures stand in rows with their legend, small ones magnified by a whole factor")
  func rows() throws {
    let red = Picture(
      width: 100, height: 50, rgb: (0..<5000).flatMap { _ in [200, 0, 0] as [UInt8] })
    let grid = PictureGrid(
      rows: [.init("row", [.init("a", red), .init("b", nil)]), .init("", [.init("c", red)])],
      legend: [.init("red", Color(200, 0, 0))], most: 480)
    let picture = try grid.drawing.picture()
    // Twice the side is 180 at least; the legend's field is 14 × 12, its edges drawn over.
    let legend = picture.count(of: [200, 0, 0]) - 2 * 200 * 100
    #expect((12 * 10...14 * 12).contains(legend))
    let large = Picture(
      width: 400, height: 200, rgb: [UInt8](repeating: 7, count: 3 * 400 * 200))
    let small = try PictureGrid(rows: [.init("", [.init("", large)])], most: 200).drawing.picture()
    #expect(small.count(of: [7, 7, 7]) == 200 * 100)
  }

  @Test("a mark lies around its point, and not beyond the picture")
  func marks() throws {
    let black = Picture(width: 200, height: 200, rgb: [UInt8](repeating: 0, count: 120_000))
    let grid = PictureGrid(rows: [
      .init("", [.init("", black, marks: [Place(0.5, 0.5), Place(0, 0)])])
    ])
    let picture = try grid.drawing.picture()
    let marked = picture.count(of: [0, 200, 255])
    #expect(marked > 0)
    // Of the mark in the corner, two of four arms are seen.
    let whole = try PictureGrid(rows: [
      .init("", [.init("", black, marks: [Place(0.5, 0.5), Place(0.2, 0.2)])])
    ]).drawing.picture().count(of: [0, 200, 255])
    #expect(marked < whole)
  }
}
