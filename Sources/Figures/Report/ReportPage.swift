import LatticeSupport

/// A page about a run: numbers, figures and what made them, in one HTML file that loads nothing.
///
/// Every text is escaped. Figures are inline SVG in the page's colours, which follow those of the
/// reader's screen, light or dark.
public struct ReportPage: Sendable {
  private let title: String
  private var body: [String] = []
  private var figureCount = 0

  /// A page with a title and nothing else yet.
  public init(title: String) { self.title = title }

  /// Begins a section.
  public mutating func section(_ title: String) {
    body.append("<h2>\(Markup.escaped(title))</h2>")
  }

  /// Adds a paragraph.
  public mutating func text(_ text: String) {
    body.append("<p>\(Markup.escaped(text))</p>")
  }

  /// Adds lines as they are, in letters of even width.
  public mutating func lines(_ text: String) {
    body.append("<pre>\(Markup.escaped(text))</pre>")
  }

  /// Adds a table; all columns but the first stand at the right.
  public mutating func table(head: [String], rows: [[String]]) {
    func row(_ cells: [String], _ tag: String) -> String {
      "<tr>" + cells.map { "<\(tag)>\(Markup.escaped($0))</\(tag)>" }.joined() + "</tr>"
    }
    body.append(
      "<div class=\"wide\"><table><thead>\(row(head, "th"))</thead><tbody>"
        + rows.map { row($0, "td") }.joined(separator: "\n") + "</tbody></table></div>")
  }

  /// Adds names with what they are.
  public mutating func facts(_ facts: [(name: String, value: String)]) {
    body.append(
      "<dl>"
        + facts.map {
          "<dt>\(Markup.escaped($0.name))</dt><dd>\(Markup.escaped($0.value))</dd>"
        }.joined(separator: "\n") + "</dl>")
  }

  /// Adds a figure; the caption is also what a screen reader says of it.
  ///
  /// - Throws: `InputError` where a picture in it is too large.
  public mutating func figure(_ drawing: Drawing, caption: String) throws {
    figureCount += 1
    let svg = try drawing.svg(
      isThemed: true, description: caption, name: "figure\(figureCount)")
    body.append(
      "<figure>\(svg)<figcaption>\(Markup.escaped(caption))</figcaption></figure>")
  }

  /// Adds how the page came about: the command, as a shell takes it, the version and the machine.
  public mutating func run(arguments: [String], threads: Int) {
    section("How this was made")
    lines(arguments.map(\.shellQuoted).joined(separator: " "))
    facts([
      ("version", "LatticeCRF \(Version.current)"),
      ("machine", Machine.description), ("threads", "\(threads)"),
    ])
  }

  /// The text of the file.
  public var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" \
    content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
    <title>\(Markup.escaped(title))</title>
    <style>
    \(Self.style)
    </style>
    </head>
    <body>
    <main>
    <h1>\(Markup.escaped(title))</h1>
    \(body.joined(separator: "\n"))
    </main>
    </body>
    </html>

    """
  }

  private static let style = """
    :root { color-scheme: light dark; --paper: #ffffff; --ink: #19191c; --faint: #dedee2; }
    @media (prefers-color-scheme: dark) {
      :root { --paper: #17181b; --ink: #e6e6ea; --faint: #3a3b41; }
    }
    body { background: var(--paper); color: var(--ink); margin: 0; font: 16px/1.5 sans-serif; }
    main { max-width: 70rem; margin: 0 auto; padding: 1rem; }
    h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
    pre, .wide { overflow-x: auto; }
    pre { background: var(--faint); padding: 0.7rem; border-radius: 4px; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
    th, td { padding: 0.15rem 0.8rem; text-align: right; border-bottom: 1px solid var(--faint); }
    th:first-child, td:first-child { text-align: left; }
    figure { margin: 1rem 0; } figcaption { font-size: 0.9rem; }
    svg { max-width: 100%; height: auto; }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; }
    dt { font-weight: bold; } dd { margin: 0; overflow-wrap: anywhere; }
    """

  /// Writes the page. The file appears whole or not at all.
  ///
  /// - Throws: `InputError` where it cannot be written.
  public func write(to path: String) throws {
    let text = html
    try AtomicOutput.write(to: path) { try $0.write(text) }
  }

  /// Makes sure that a page can be written to `path`, before what it shows is computed.
  ///
  /// - Throws: `InputError` where it is not named as a page, or cairo is not installed.
  public static func check(_ path: String) throws {
    guard FolderListing.split(path).ending == "html" || path.hasPrefix("/dev/") else {
      throw InputError(
        .usage, at: path, "is to be a page, but is not named as one", remedy: "name it .html")
    }
    try Drawing.checkAvailable(for: path)
  }
}
