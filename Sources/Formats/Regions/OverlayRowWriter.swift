import LatticeSupport
import Unaries

/// A picture of labels over an image that is written from top to bottom, in bands.
///
/// Outlines look at the row below, so the last row of a band waits for the next one.
package final class OverlayRowWriter {
  private let writer: Writer
  private let path: String
  private let palette: Palette
  private let grid: GridShape
  /// What is drawn over; `nil` where it comes with the labels.
  private var source: (any RegionSource<Image>)?
  private var waiting: (labels: LabelMap, image: Image)?
  private var rowsTaken = 0
  private var rowsWritten = 0

  /// Rows that are read at a time.
  private static let rowsAtATime = 64

  private enum Writer {
    case picture(PNGRowWriter)
    case raster(TIFFWriter)
  }

  /// - Parameters:
  ///   - path: the file: a raster where it ends in `.tif`, else PNG.
  ///   - grid: of two axes.
  ///   - palette: the colours of labels.
  ///   - placement: where the points lie.
  /// - Throws: `InputError` where the file cannot be created, or is a pipe or a device.
  package init(
    _ path: String, grid: GridShape, palette: Palette, at placement: Placement? = nil
  ) throws {
    self.path = path
    if TIFF.isNamed(path) {
      writer = .raster(
        try TIFFWriter(path, grid: grid, samples: .rgb, noData: nil, placement: placement))
    } else {
      let picture = try PNGRowWriter(path, grid: grid, pixels: .rgb)
      try picture.output.checkIsFile()
      writer = .picture(picture)
    }
    self.grid = grid
    self.palette = palette
  }

  /// A picture over an image that is read for it once more: labels lag behind whoever reads it to
  /// find them, and has given up the rows by then.
  ///
  /// - Throws: as `init(_:grid:palette:)` does, and where the image cannot be drawn over.
  package convenience init(_ path: String, over image: OpenedImage, palette: Palette) throws {
    do {
      try Overlay.check(image.notes.drawn(image.corner))
    } catch let error as InputError {
      throw error.at(path)
    }
    try self.init(
      path, grid: image.regions.grid, palette: palette, at: image.notes.placement)
    source = try image.openDrawn()
  }

  /// Takes the labels of the next rows, over all columns, and reads the image under them.
  ///
  /// - Throws: `InputError` where the image cannot be read or drawn over, or the file cannot be
  ///   written.
  package func write(_ labels: [UInt16], of whole: GridRegion) throws {
    guard let source else {
      preconditionFailure("labels without the image of \(path)")
    }
    for first in stride(
      from: whole.rows.lowerBound, to: whole.rows.upperBound, by: Self.rowsAtATime)
    {
      let part = GridRegion(
        rows: first..<min(first + Self.rowsAtATime, whole.rows.upperBound), columns: whole.columns)
      do {
        try write(
          LabelMap(grid: part.grid, labels: whole.cut(part, from: labels)), over: source.read(part))
      } catch let error as InputError {
        throw error.at(path)
      }
    }
  }

  /// Takes the next rows, over all columns.
  ///
  /// - Throws: `InputError` where the image is not a photograph, or the file cannot be written.
  package func write(_ labels: LabelMap, over image: Image) throws {
    rowsTaken += labels.grid.height
    let (labels, image) = try joined(labels, image)
    let isLast = rowsTaken == grid.height
    let whole = GridRegion(allOf: labels.grid)
    let rows = isLast ? labels.grid.height : labels.grid.height - 1
    if rows > 0 {
      let picture = try Overlay().picture(of: labels, over: image, palette: palette)
      guard case .bytes(let pixels) = picture.pixels else { return }
      try pixels.withUnsafeBytes {
        try write(UnsafeRawBufferPointer(rebasing: $0[..<(rows * grid.width * 3)]), rows)
      }
    }
    guard !isLast else {
      waiting = nil
      return
    }
    let last = GridRegion(rows: rows..<labels.grid.height, columns: whole.columns)
    waiting = (
      try LabelMap(grid: last.grid, labels: whole.cut(last, from: labels.labels)),
      try image.cut(last)
    )
  }

  /// Writes the next `rows` rows of the picture.
  private func write(_ rgb: UnsafeRawBufferPointer, _ rows: Int) throws {
    switch writer {
    case .picture(let writer): try writer.write(rgb)
    case .raster(let writer):
      try writer.write(
        rgb: rgb,
        of: GridRegion(rows: rowsWritten..<rowsWritten + rows, columns: 0..<grid.width))
    }
    rowsWritten += rows
  }

  /// The rows that wait, and these below them.
  private func joined(_ labels: LabelMap, _ image: Image) throws -> (LabelMap, Image) {
    guard let waiting else { return (labels, image) }
    let height = waiting.labels.grid.height + labels.grid.height
    let grid = GridShape(width: labels.grid.width, height: height)
    return (
      try LabelMap(grid: grid, labels: waiting.labels.labels + labels.labels),
      try waiting.image.above(image, grid: grid)
    )
  }

  /// Puts the file, whose rows must all be there, in its place.
  package func commit() throws {
    precondition(rowsTaken == grid.height, "\(rowsTaken) of \(grid.height) rows are written")
    switch writer {
    case .picture(let writer): try writer.commit()
    case .raster(let writer): try writer.commit()
    }
  }
}

extension Image {
  /// The part of an image of two axes that lies over `region`.
  fileprivate func cut(_ region: GridRegion) throws -> Image {
    let whole = GridRegion(allOf: grid)
    let part: Pixels =
      switch pixels {
      case .bytes(let values): .bytes(whole.cut(region, from: values, channels: channels))
      case .floats(let values): .floats(whole.cut(region, from: values, channels: channels))
      }
    return try Image(grid: region.grid, channels: channels, pixels: part)
  }

  /// This image with `other` below it; both of bytes, else `other` alone says what is wrong.
  fileprivate func above(_ other: Image, grid: GridShape) throws -> Image {
    guard case .bytes(let upper) = pixels, case .bytes(let lower) = other.pixels else {
      return other
    }
    return try Image(grid: grid, channels: channels, pixels: .bytes(upper + lower))
  }
}
