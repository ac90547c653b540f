/// A place on a drawing, in units from its left upper corner.
public struct Place: Sendable, Hashable {
  /// To the right.
  public var x: Double
  /// Downwards.
  public var y: Double

  /// A place by its coordinates.
  public init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }
}

/// An upright rectangle of a drawing.
public struct Box: Sendable, Hashable {
  /// Its left edge.
  public var x: Double
  /// Its upper edge.
  public var y: Double
  /// To the right.
  public var width: Double
  /// Downwards.
  public var height: Double

  /// A rectangle by its left upper corner and its extents.
  public init(x: Double, y: Double, width: Double, height: Double) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }

  /// Its right edge.
  public var right: Double { x + width }
  /// Its lower edge.
  public var bottom: Double { y + height }
  /// Its middle.
  public var center: Place { Place(x + width / 2, y + height / 2) }

  var corners: [Place] {
    [Place(x, y), Place(right, y), Place(right, bottom), Place(x, bottom)]
  }

  func overlaps(_ other: Box) -> Bool {
    x < other.right && other.x < right && y < other.bottom && other.y < bottom
  }
}

/// What is drawn, one thing after another, before it is written as PNG, SVG or PDF.
///
/// A unit is a pixel of a screen, or a point of a printed page.
public struct Drawing: Sendable {
  /// Which point of a text is placed.
  public enum Anchor: Sendable {
    /// The middle of its beginning.
    case start
    /// Its middle.
    case middle
    /// The middle of its end.
    case end
  }

  /// How a text is written.
  public struct Style: Sendable {
    /// In units; capitals are about 0.73 of it high.
    public var size: Double
    /// Whether strokes are thick.
    public var isBold: Bool
    /// Its colour.
    public var color: Color

    /// A style of its parts.
    public init(size: Double = 13, isBold: Bool = false, color: Color = .ink) {
      (self.size, self.isBold, self.color) = (size, isBold, color)
    }

    /// What most texts are written in.
    public static let plain = Style()
    /// What headings are written in.
    public static let heading = Style(size: 15, isBold: true)
    /// What is written small.
    public static let small = Style(size: 11)
  }

  enum Command: Sendable {
    case fill([Place], Color)
    case stroke([Place], isClosed: Bool, width: Double, dash: Double, Color)
    case disc(Place, radius: Double, Color)
    /// From the base line's beginning, middle or end.
    case text(String, Place, Anchor, isUpright: Bool, Style)
    case picture(Picture, Box)
    case clip(Box)
    case unclip
  }

  /// In units.
  public let width: Double
  /// In units.
  public let height: Double
  private(set) var commands: [Command] = []

  /// White paper of a size in units.
  public init(width: Double, height: Double) {
    precondition(width >= 1 && height >= 1, "a drawing of \(width)×\(height)")
    (self.width, self.height) = (width.rounded(.up), height.rounded(.up))
    box(Box(x: 0, y: 0, width: self.width, height: self.height), .paper)
  }

  /// Fills a rectangle.
  public mutating func box(_ box: Box, _ color: Color) { fill(box.corners, color) }

  /// Draws the edge of a rectangle, inside and outside of it alike.
  public mutating func frame(_ box: Box, thickness: Double = 1, _ color: Color = .ink) {
    commands.append(.stroke(box.corners, isClosed: true, width: thickness, dash: 0, color))
  }

  /// Fills what a line through some places encloses.
  public mutating func fill(_ places: [Place], _ color: Color) {
    commands.append(.fill(places, color))
  }

  /// Draws a line through some places; `dash` is the length of dashes and gaps, 0 for none.
  public mutating func line(
    _ places: [Place], thickness: Double = 1, dash: Double = 0, _ color: Color = .ink
  ) {
    guard places.count > 1 else { return }
    commands.append(
      .stroke(places, isClosed: false, width: thickness, dash: dash, color))
  }

  /// Fills a circle.
  public mutating func disc(_ place: Place, radius: Double, _ color: Color) {
    commands.append(.disc(place, radius: radius, color))
  }

  /// Writes a line of text beside a place, which is half way up its capitals; where `isUpright` it
  /// runs from bottom to top.
  public mutating func text(
    _ text: String, at place: Place, _ anchor: Anchor = .start, _ style: Style = .plain,
    isUpright: Bool = false
  ) {
    guard !text.isEmpty else { return }
    let drop = 0.36 * style.size
    let base =
      isUpright ? Place(place.x + drop, place.y) : Place(place.x, place.y + drop)
    commands.append(.text(text, base, anchor, isUpright: isUpright, style))
  }

  /// Draws a picture over a rectangle; its pixels stay sharp.
  public mutating func picture(_ picture: Picture, in box: Box) {
    commands.append(.picture(picture, box))
  }

  /// Draws what `body` draws, as far as it lies in a rectangle.
  public mutating func clipped(
    to box: Box, _ body: (inout Drawing) throws -> Void
  ) rethrows {
    commands.append(.clip(box))
    try body(&self)
    commands.append(.unclip)
  }

  /// Whether it has pictures, whose pixels are to be shown as they are.
  var hasPictures: Bool {
    commands.contains { if case .picture = $0 { true } else { false } }
  }
}

/// Something that takes a rectangle of a drawing.
public protocol Figure {
  /// What it takes, in units.
  var size: (width: Double, height: Double) { get }
  /// Draws it with its left upper corner at a place.
  func draw(on drawing: inout Drawing, at corner: Place)
}

extension Figure {
  /// The figure alone on a drawing.
  public var drawing: Drawing { Drawing(of: [self]) }
}

extension Drawing {
  /// Figures side by side in rows of `columns`, or one below the other.
  public init(of figures: [any Figure], columns: Int = 1) {
    precondition(!figures.isEmpty && columns >= 1, "\(figures.count) figures in \(columns) columns")
    let rows = stride(from: 0, to: figures.count, by: columns).map {
      Array(figures[$0..<min(figures.count, $0 + columns)])
    }
    self.init(
      width: rows.map { $0.reduce(0) { $0 + $1.size.width } }.max() ?? 1,
      height: rows.reduce(0) { $0 + ($1.map(\.size.height).max() ?? 0) })
    var top = 0.0
    for row in rows {
      var left = 0.0
      for figure in row {
        figure.draw(on: &self, at: Place(left, top))
        left += figure.size.width
      }
      top += row.map(\.size.height).max() ?? 0
    }
  }
}
