/// Pictures in rows, each below its caption, with a legend and a colour bar.
public struct PictureGrid: Figure {
  /// A picture with what is said of it.
  public struct Panel: Sendable {
    /// Above the picture.
    public let caption: String
    /// `nil` leaves its place empty.
    public let picture: Picture?
    /// Points of the picture that have cross-hairs around them, in shares of its width and height.
    public let marks: [Place]

    /// A picture below a caption, with cross-hairs around some points: 0…1 of its width and height.
    public init(_ caption: String, _ picture: Picture?, marks: [Place] = []) {
      (self.caption, self.picture, self.marks) = (caption, picture, marks)
    }
  }

  /// Panels side by side; a title stands above where it is not empty.
  public struct Row: Sendable {
    /// Above the panels.
    public let title: String
    /// From the left.
    public let panels: [Panel]

    /// Panels below a title.
    public init(_ title: String, _ panels: [Panel]) {
      (self.title, self.panels) = (title, panels)
    }
  }

  /// A colour with what it stands for.
  public struct Entry: Sendable {
    let name: String
    let color: Color

    /// An entry of the legend.
    public init(_ name: String, _ color: Color) { (self.name, self.color) = (name, color) }
  }

  /// What the colours of pictures stand for.
  public struct Bar: Sendable {
    let range: ClosedRange<Double>
    let name: String
    let map: ColorMap

    /// The values at the ends of the colours, and what they measure.
    public init(_ range: ClosedRange<Double>, name: String, map: ColorMap) {
      (self.range, self.name, self.map) = (range, name, map)
    }
  }

  private let title: String
  private let rows: [Row]
  private let entries: [Entry]
  private let bars: [Bar]

  private static let gap = 12.0
  private static let caption = 20.0
  private static let barRoom = 76.0
  /// Narrower pictures are magnified by a whole factor.
  private static let leastWidth = 180.0

  /// - Parameters:
  ///   - title: what is shown, in a few words; empty for none.
  ///   - rows: the panels.
  ///   - legend: the colours of labels.
  ///   - bars: what other colours stand for.
  ///   - most: pixels of a side of a picture; larger ones are reduced.
  public init(
    title: String = "", rows: [Row], legend: [Entry] = [], bars: [Bar] = [], most: Int = 480
  ) {
    self.title = title
    self.rows = rows.map { row in
      Row(
        row.title,
        row.panels.map {
          Panel($0.caption, $0.picture?.reduced(to: most), marks: $0.marks)
        })
    }
    entries = legend
    self.bars = bars
  }

  private static func extent(_ panel: Panel) -> (width: Double, height: Double) {
    guard let picture = panel.picture else { return (0, 0) }
    let factor = max(1, (leastWidth / Double(picture.width)).rounded(.up))
    return (factor * Double(picture.width), factor * Double(picture.height))
  }

  /// Columns are as wide as their widest picture.
  private var columns: [Double] {
    (0..<(rows.map(\.panels.count).max() ?? 0)).map { column in
      rows.map { column < $0.panels.count ? Self.extent($0.panels[column]).width : 0 }.max() ?? 0
    }
  }

  private static func height(_ row: Row) -> Double {
    (row.title.isEmpty ? 0 : 24) + caption + (row.panels.map { extent($0).height }.max() ?? 0)
      + gap
  }

  private var pictureWidth: Double { columns.reduce(0) { $0 + $1 + Self.gap } }
  private var legend: Legend {
    Legend(entries.map { Legend.Entry(name: $0.name, color: $0.color) }, width: pictureWidth)
  }

  /// As large as its pictures need.
  public var size: (width: Double, height: Double) {
    let titled =
      ([Drawing.Style.heading.width(of: title)]
      + rows.map { Drawing.Style(size: 13, isBold: true).width(of: $0.title) }
      + [legend.width]).max() ?? 0
    return (
      max(
        pictureWidth + Double(bars.count) * Self.barRoom + Self.gap, titled + 2 * Self.gap),
      Self.gap + (title.isEmpty ? 0 : 26) + rows.reduce(0) { $0 + Self.height($1) }
        + legend.height + (entries.isEmpty ? 0 : Self.gap)
    )
  }

  private static func mark(_ centre: Place, on drawing: inout Drawing) {
    for (thickness, color) in [(4.0, Color(0, 0, 0)), (2, Color(0, 200, 255))] {
      for (x, y) in [(-1.0, 0.0), (1, 0), (0, -1), (0, 1)] {
        drawing.line(
          [
            Place(centre.x + 4 * x, centre.y + 4 * y), Place(centre.x + 11 * x, centre.y + 11 * y),
          ], thickness: thickness, color)
      }
    }
  }

  /// Draws the pictures.
  public func draw(on drawing: inout Drawing, at corner: Place) {
    let left = corner.x + Self.gap
    var y = corner.y + Self.gap
    if !title.isEmpty {
      drawing.text(title, at: Place(left, y + 8), .start, .heading)
      y += 26
    }
    let (first, columns) = (y, columns)
    for row in rows {
      var top = y
      if !row.title.isEmpty {
        drawing.text(
          row.title, at: Place(left, top + 12), .start, Drawing.Style(size: 13, isBold: true))
        top += 24
      }
      var x = left
      for (panel, width) in zip(row.panels, columns) {
        let caption = Drawing.Style.small.shortened(panel.caption, to: max(width, 60))
        drawing.text(caption, at: Place(x, top + Self.caption / 2), .start, .small)
        if let picture = panel.picture {
          let extent = Self.extent(panel)
          let box = Box(
            x: x, y: top + Self.caption, width: extent.width, height: extent.height)
          drawing.picture(picture, in: box)
          drawing.clipped(to: box) { drawing in
            for mark in panel.marks {
              Self.mark(
                Place(box.x + mark.x * box.width, box.y + mark.y * box.height), on: &drawing)
            }
          }
        }
        x += width + Self.gap
      }
      y += Self.height(row)
    }
    legend.draw(on: &drawing, at: Place(left, y))
    let height = min(260, max(60, y - first - Self.caption - Self.gap))
    for (place, bar) in bars.enumerated() {
      ColorBar(bar.range, name: bar.name, map: bar.map).draw(
        on: &drawing,
        in: Box(
          x: left + pictureWidth + Double(place) * Self.barRoom, y: first + Self.caption,
          width: 14, height: height))
    }
  }
}
