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
    case raster(TIFFWriter)
  }

  private let format: Format
  private let grid: GridShape
  private var nextRow = 0

  /// - Parameters:
  ///   - path: the file.
  ///   - grid: of two axes.
  ///   - labelCount: L.
  ///   - palette: the colours of labels.
  ///   - placement: where the points lie.
  ///   - mayLeaveOut: whether points may be left out, which `LabelMap.leftOut` marks.
  /// - Throws: `InputError` where the file cannot be created, or is a pipe or a device.
  package init(
    _ path: String, grid: GridShape, labelCount: Int, palette: Palette,
    at placement: Placement? = nil, mayLeaveOut: Bool = false
  ) throws {
    self.grid = grid
    let largest = mayLeaveOut ? Int(LabelMap.leftOut(ofLabels: labelCount)) : labelCount - 1
    switch try LabelFile.format(path) {
    case .array:
      format = .array(try NPYRegionWriter(path, shape: grid.extents, type: .uint16))
    case .raster:
      format = .raster(
        try TIFFWriter(
          path, labelsUpTo: largest, grid: grid, palette: palette, at: placement,
          mayLeaveOut: mayLeaveOut))
    case .volume:
      throw InputError(
        .usage, at: path, "is to be a volume, but tiles are cut from images of two axes",
        remedy: "name it .tif, .png or .npy, or leave \(name: .tiles) out")
    case .picture where largest >= Palette.mostColors:
      format = .words(try PNGRowWriter(path, grid: grid, pixels: .words))
    case .picture:
      let colors = palette.bytes(forLabelsUpTo: largest)
      format = .bytes(try PNGRowWriter(path, grid: grid, pixels: .bytes(palette: colors)))
    }
    switch format {
    case .bytes(let writer), .words(let writer): try writer.output.checkIsFile()
    case .array, .raster: break
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
    case .raster(let writer):
      try writer.write(labels, of: GridRegion(rows: rows, columns: 0..<grid.width))
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
    case .raster(let writer): try writer.commit()
    case .bytes(let writer), .words(let writer): try writer.commit()
    }
  }
}
