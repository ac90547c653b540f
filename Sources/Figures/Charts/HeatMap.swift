/// A table of which each cell is shaded by its value.
public struct HeatMap: Figure {
  /// A field of the table.
  public struct Cell: Sendable {
    /// From 0 to 1; `nil` where there is no value.
    public let shade: Double?
    /// A few letters, or none.
    public let text: String

    /// A field of a shade 0…1, or without one.
    public init(shade: Double?, text: String) { (self.shade, self.text) = (shade, text) }
  }

  /// What shades stand for.
  public struct Scale: Sendable {
    let range: ClosedRange<Double>
    let name: String

    /// The values of the shades 0 and 1, and what they measure, with its unit.
    public init(_ range: ClosedRange<Double>, name: String) {
      (self.range, self.name) = (range, name)
    }
  }

  private let title: String
  private let rowAxis: String
  private let columnAxis: String
  private let rows: [String]
  private let columns: [String]
  private let cells: [[Cell]]
  private let scale: Scale?
  private let map: ColorMap
  private let cellWidth: Double
  private let areNamesUpright: Bool

  /// - Parameters:
  ///   - title: what is shown, in a few words.
  ///   - rowAxis: what rows stand for.
  ///   - columnAxis: what columns stand for.
  ///   - rows: the rows' names, from the top.
  ///   - columns: the columns' names, from the left.
  ///   - cells: a row of cells for each row.
  ///   - scale: what the colour bar says of shades; `nil` for no bar.
  ///   - map: the colours of shades.
  public init(
    title: String, rowAxis: String, columnAxis: String, rows: [String], columns: [String],
    cells: [[Cell]], scale: Scale? = nil, map: ColorMap = .blues
  ) {
    precondition(
      cells.count == rows.count && cells.allSatisfy { $0.count == columns.count },
      "\(cells.count) rows of cells for \(rows.count) × \(columns.count) names")
    self.title = title
    self.rowAxis = rowAxis
    self.columnAxis = columnAxis
    self.rows = rows
    self.columns = columns
    self.cells = cells
    self.scale = scale
    self.map = map
    let text = Drawing.Style.small.width(ofLongest: cells.joined().map(\.text))
    cellWidth = max(Self.leastCell, text + 10)
    areNamesUpright = Drawing.Style.plain.width(ofLongest: columns) > cellWidth - 6
  }

  private static let gap = 14.0
  private static let leastCell = 26.0
  private static let barRoom = 96.0
  private static let none = Color(225, 225, 225)

  private var namesHeight: Double {
    areNamesUpright ? Drawing.Style.plain.width(ofLongest: columns) + 6 : 20
  }
  private var left: Double { 44 + Drawing.Style.plain.width(ofLongest: rows) }
  private var top: Double { 58 + namesHeight }
  private var table: (width: Double, height: Double) {
    (Double(columns.count) * cellWidth, Double(rows.count) * Self.leastCell)
  }

  /// As large as its names and cells need.
  public var size: (width: Double, height: Double) {
    let titled = max(
      Drawing.Style.heading.width(of: title) + 30,
      left + Drawing.Style.plain.width(of: columnAxis) + 20)
    // A colour bar of a small table still has room for its numbers.
    let height = max(table.height, Drawing.Style.plain.width(of: rowAxis), scale == nil ? 0 : 120)
    return (
      max(left + table.width + (scale == nil ? 0 : Self.barRoom), titled) + Self.gap,
      top + height + Self.gap
    )
  }

  /// Draws the table.
  public func draw(on drawing: inout Drawing, at corner: Place) {
    let (left, top) = (corner.x + left, corner.y + top)
    drawing.text(title, at: Place(corner.x + Self.gap, corner.y + 20), .start, .heading)
    drawing.text(columnAxis, at: Place(left, corner.y + 44))
    drawing.text(
      rowAxis, at: Place(corner.x + 18, top + table.height / 2), .middle, isUpright: true)
    for (column, name) in columns.enumerated() {
      let middle = left + (Double(column) + 0.5) * cellWidth
      drawing.text(
        name, at: Place(middle, top - (areNamesUpright ? 6 : 10)),
        areNamesUpright ? .start : .middle, isUpright: areNamesUpright)
    }
    for (row, name) in rows.enumerated() {
      let y = top + Double(row) * Self.leastCell
      drawing.text(name, at: Place(left - 8, y + Self.leastCell / 2), .end)
      for (column, cell) in cells[row].enumerated() {
        let box = Box(
          x: left + Double(column) * cellWidth, y: y, width: cellWidth - 1,
          height: Self.leastCell - 1)
        let color = cell.shade.map(map.color(at:)) ?? Self.none
        drawing.box(box, color)
        drawing.text(
          cell.text, at: box.center, .middle,
          Drawing.Style(size: 11, color: color.isLight ? Color(0, 0, 0) : Color(255, 255, 255)))
      }
    }
    guard let scale else { return }
    ColorBar(scale.range, name: scale.name, map: map).draw(
      on: &drawing,
      in: Box(
        x: left + table.width + 16, y: top, width: 14, height: max(table.height, 120)))
  }
}

/// A strip of all colours of a map, with the numbers that they stand for.
struct ColorBar {
  private let axis: Axis
  private let range: ClosedRange<Double>
  private let name: String
  private let map: ColorMap

  init(_ range: ClosedRange<Double>, name: String, map: ColorMap) {
    self.range = range
    self.name = name
    self.map = map
    axis = Axis(covering: [range.lowerBound, range.upperBound], count: 5)
  }

  /// Draws the strip, with numbers to the right of `box` and the name behind them.
  func draw(on drawing: inout Drawing, in box: Box) {
    let steps = 64
    for step in 0..<steps {
      // Each up to the top, so that no seam shows between two steps.
      drawing.box(
        Box(
          x: box.x, y: box.y, width: box.width,
          height: box.height * Double(steps - step) / Double(steps)),
        map.color(at: (Double(step) + 0.5) / Double(steps)))
    }
    drawing.frame(box, thickness: 0.7)
    let extent = range.upperBound - range.lowerBound
    var longest = 0.0
    for (value, text) in axis.ticks where extent > 0 {
      let share = (value - range.lowerBound) / extent
      guard (-1e-9...1 + 1e-9).contains(share) else { continue }
      let y = box.bottom - share * box.height
      drawing.line([Place(box.right, y), Place(box.right + 3, y)])
      drawing.text(text, at: Place(box.right + 6, y), .start, .small)
      longest = max(longest, Drawing.Style.small.width(of: text))
    }
    drawing.text(
      name, at: Place(box.right + longest + 18, box.center.y), .middle, .small, isUpright: true)
  }
}
