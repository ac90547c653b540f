import LatticeSupport
import Unaries

/// A table of which each cell is shaded by its value.
package struct HeatMap {
  /// A field of the table.
  package struct Cell {
    /// 0 (white) to 1 (dark blue); `nil` where there is no value.
    package let shade: Double?
    /// A few letters, or none.
    package let text: String

    package init(shade: Double?, text: String) {
      self.shade = shade
      self.text = text
    }
  }

  private let title: String
  private let rowAxis: String
  private let columnAxis: String
  private let rows: [String]
  private let columns: [String]
  private let cells: [[Cell]]
  private let cellWidth: Int

  /// - Parameters:
  ///   - title: what is shown, in a few words.
  ///   - rowAxis: what rows stand for.
  ///   - columnAxis: what columns stand for.
  ///   - rows: the rows' names, from the top.
  ///   - columns: the columns' names, from the left.
  ///   - cells: a row of cells for each row.
  package init(
    title: String, rowAxis: String, columnAxis: String, rows: [String], columns: [String],
    cells: [[Cell]]
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
    let longest = cells.joined().map { Canvas.length(of: $0.text) }.max() ?? 0
    cellWidth = max(Self.smallestCell, longest + 10)
  }

  private static let gap = 14
  private static let smallestCell = 24

  private var cellHeight: Int { max(Self.smallestCell, Canvas.textHeight + 12) }

  private static func longest(_ names: [String]) -> Int {
    names.map { Canvas.length(of: $0) }.max() ?? 0
  }

  /// The picture.
  ///
  /// - Throws: `InputError` where it is too large for memory.
  package func picture() throws -> Image {
    let (gap, line) = (Self.gap, Canvas.textHeight)
    let left = 2 * gap + line + Self.longest(rows) + gap
    let top = gap + 2 * (line + gap) + Self.longest(columns) + gap
    let table = (width: columns.count * cellWidth, height: rows.count * cellHeight)
    // A long title must not be cut off beside a small table.
    let titled = max(Canvas.length(of: title), Canvas.length(of: columnAxis) + left)
    let width = max(left + table.width, titled + gap) + gap
    let height = max(top + table.height, top + Canvas.length(of: rowAxis)) + gap
    var canvas = try Canvas(width: width, height: height, detail: 1)
    canvas.text(title, x: Float(gap), y: Float(gap + line / 2))
    canvas.text(columnAxis, x: Float(left), y: Float(2 * gap + line + line / 2))
    canvas.text(
      rowAxis, x: Float(gap + line / 2), y: Float(top + table.height / 2), .center,
      isUpright: true)
    for (column, name) in columns.enumerated() {
      canvas.text(
        name, x: Float(left + column * cellWidth + cellWidth / 2), y: Float(top - gap / 2),
        isUpright: true)
    }
    for (row, name) in rows.enumerated() {
      canvas.text(
        name, x: Float(left - gap / 2), y: Float(top + row * cellHeight + cellHeight / 2), .right)
      for column in columns.indices {
        draw(
          cells[row][column], on: &canvas, x: Float(left + column * cellWidth),
          y: Float(top + row * cellHeight))
      }
    }
    return try canvas.image()
  }

  private func draw(_ cell: Cell, on canvas: inout Canvas, x: Float, y: Float) {
    let (right, bottom) = (x + Float(cellWidth) - 1, y + Float(cellHeight) - 1)
    canvas.box(x: x...right, y: y...bottom, Self.color(of: cell.shade))
    canvas.text(
      cell.text, x: x + Float(cellWidth) / 2, y: y + Float(cellHeight) / 2, .center,
      (cell.shade ?? 0) > 0.55 ? (255, 255, 255) : (0, 0, 0))
  }

  /// White to dark blue; light gray where there is no value.
  private static func color(of shade: Double?) -> Canvas.Color {
    guard let shade else { return (225, 225, 225) }
    let share = Float(min(1, max(0, shade)))
    let (light, dark): (Canvas.Color, Canvas.Color) = ((247, 251, 255), (8, 48, 107))
    return (
      light.red + share * (dark.red - light.red), light.green + share * (dark.green - light.green),
      light.blue + share * (dark.blue - light.blue)
    )
  }
}
