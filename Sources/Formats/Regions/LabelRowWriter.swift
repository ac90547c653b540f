import LatticeSupport
import Unaries

/// A file of labels that is written from top to bottom: what `LabelFile.write` writes, but for the
/// palette's length and the depth, which follow from the number of labels and not from the largest
/// that occurs.
package final class LabelRowWriter {
  private enum Format {
    case array(NPYRegionWriter)
    case bytes(PNGRowWriter)
    case words(PNGRowWriter)
  }

  private let format: Format
  private let grid: GridShape
  private var nextRow = 0

  /// - Throws: `InputError` where the file cannot be created, or is a pipe or a device.
  package init(_ path: String, grid: GridShape, labelCount: Int, palette: Palette) throws {
    self.grid = grid
    if try LabelFile.writesArray(path) {
      format = .array(try NPYRegionWriter(path, shape: grid.extents, type: .uint16))
    } else if labelCount > Palette.mostColors {
      format = .words(try PNGRowWriter(path, grid: grid, pixels: .words))
    } else {
      let colors = palette.bytes(forLabelsUpTo: labelCount - 1)
      format = .bytes(try PNGRowWriter(path, grid: grid, pixels: .bytes(palette: colors)))
    }
    switch format {
    case .bytes(let writer), .words(let writer): try writer.output.checkIsFile()
    case .array: break
    }
  }

  /// Writes the next rows, over all columns.
  package func write(_ labels: [UInt16]) throws {
    let rows = nextRow..<nextRow + labels.count / grid.width
    nextRow = rows.upperBound
    switch format {
    case .array(let writer):
      try writer.write([rows, 0..<grid.width]) { first, block in
        for place in block.indices { block[place] = Float(labels[first + place]) }
      }
    case .bytes(let writer):
      try labels.map { UInt8(truncatingIfNeeded: $0) }.withUnsafeBytes { try writer.write($0) }
    case .words(let writer):
      try labels.withUnsafeBytes { try writer.write($0) }
    }
  }

  /// Puts the file, whose rows must all be there, in its place.
  package func commit() throws {
    precondition(nextRow == grid.height, "\(nextRow) of \(grid.height) rows are written")
    switch format {
    case .array(let writer): try writer.commit()
    case .bytes(let writer), .words(let writer): try writer.commit()
    }
  }
}
