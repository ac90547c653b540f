import Foundation

extension Drawing {
  /// The text of an SVG file, with text as text and pictures in it.
  ///
  /// - Parameters:
  ///   - isThemed: whether ink, paper and faint lines have the colours of a page around it, by the
  ///     variables `--ink`, `--paper` and `--faint`.
  ///   - description: what it shows, for people who do not see it; empty for none.
  ///   - name: what its parts are called, where several stand in one page.
  /// - Throws: `InputError` where a picture in it is too large.
  public func svg(
    isThemed: Bool = false, description: String = "", name: String = "clip"
  ) throws -> String {
    var writer = SVGWriter(isThemed: isThemed, prefix: name)
    for command in commands { try writer.add(command) }
    let head = isThemed ? "" : "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    let title =
      description.isEmpty ? "" : "<title>\(Markup.escaped(description))</title>\n"
    return head
      + "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(Int(width))\" height=\"\(Int(height))\" "
      + "viewBox=\"0 0 \(Int(width)) \(Int(height))\" font-family=\"sans-serif\""
      + (isThemed ? " role=\"img\"" : "") + ">\n" + title
      + writer.lines.joined(separator: "\n") + "\n</svg>\n"
  }
}

/// Writes the elements of an SVG file.
private struct SVGWriter {
  let isThemed: Bool
  var lines: [String] = []
  private var clipCount = 0
  private let prefix: String

  init(isThemed: Bool, prefix: String) { (self.isThemed, self.prefix) = (isThemed, prefix) }

  mutating func add(_ command: Drawing.Command) throws {
    switch command {
    case .fill(let places, let color):
      lines.append("<polygon points=\"\(Self.text(places))\" fill=\"\(text(color))\"/>")
    case .stroke(let places, let isClosed, let width, let dash, let color):
      let dashes = dash > 0 ? " stroke-dasharray=\"\(Self.text(dash))\"" : ""
      lines.append(
        "<\(isClosed ? "polygon" : "polyline") points=\"\(Self.text(places))\" fill=\"none\" "
          + "stroke=\"\(text(color))\" stroke-width=\"\(Self.text(width))\" "
          + "stroke-linejoin=\"round\"\(dashes)/>")
    case .disc(let place, let radius, let color):
      lines.append(
        "<circle cx=\"\(Self.text(place.x))\" cy=\"\(Self.text(place.y))\" "
          + "r=\"\(Self.text(radius))\" fill=\"\(text(color))\"/>")
    case .text(let text, let place, let anchor, let isUpright, let style):
      add(text, at: place, anchor, isUpright: isUpright, style)
    case .picture(let picture, let box):
      let data = Data(try picture.png()).base64EncodedString()
      lines.append(
        "<image x=\"\(Self.text(box.x))\" y=\"\(Self.text(box.y))\" "
          + "width=\"\(Self.text(box.width))\" height=\"\(Self.text(box.height))\" "
          + "preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" "
          + "href=\"data:image/png;base64,\(data)\"/>")
    case .clip(let box):
      let name = "\(prefix)-\(clipCount)"
      clipCount += 1
      lines.append(
        "<clipPath id=\"\(name)\"><polygon points=\"\(Self.text(box.corners))\"/></clipPath>"
          + "<g clip-path=\"url(#\(name))\">")
    case .unclip: lines.append("</g>")
    }
  }

  private mutating func add(
    _ text: String, at place: Place, _ anchor: Drawing.Anchor, isUpright: Bool,
    _ style: Drawing.Style
  ) {
    let (x, y) = (Self.text(place.x), Self.text(place.y))
    var attributes = "x=\"\(x)\" y=\"\(y)\" font-size=\"\(Self.text(style.size))\""
    switch anchor {
    case .start: break
    case .middle: attributes += " text-anchor=\"middle\""
    case .end: attributes += " text-anchor=\"end\""
    }
    if style.isBold { attributes += " font-weight=\"bold\"" }
    if isUpright { attributes += " transform=\"rotate(-90 \(x) \(y))\"" }
    lines.append(
      "<text \(attributes) fill=\"\(self.text(style.color))\">\(Markup.escaped(text))</text>")
  }

  private func text(_ color: Color) -> String {
    guard isThemed, let role = color.role else { return color.hexadecimal }
    return "var(--\(role.rawValue),\(color.hexadecimal))"
  }

  private static func text(_ places: [Place]) -> String {
    places.map { "\(text($0.x)),\(text($0.y))" }.joined(separator: " ")
  }

  /// Hundredths are finer than any screen.
  private static func text(_ value: Double) -> String {
    let rounded = (100 * value).rounded() / 100
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}

/// Text between tags.
enum Markup {
  /// The text with what has a meaning of its own in HTML and XML spelt out; control characters,
  /// which XML cannot have, are replaced.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case "\u{0}"..."\u{1f}", "\u{7f}", "\u{fffe}", "\u{ffff}": result += "\u{fffd}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
