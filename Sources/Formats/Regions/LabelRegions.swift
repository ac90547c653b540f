import LatticeSupport
import Unaries

extension LabelFile {
  /// The labels of a file, of two axes, to be read a region at a time; see `read(_:as:)`.
  ///
  /// - Throws: `InputError` where the file cannot be read, is something else, or is not a picture
  ///   of two axes.
  package static func regions(
    _ path: String, as reading: LabelReading = LabelReading()
  ) throws -> any RegionSource<LabelMap> {
    let source = try FileSource(path)
    try source.checkIsFile()
    switch source.kind {
    case .tiff: return try TIFFLabelRegions(path, as: reading)
    case .npy:
      let boxes = try NPYBoxes(path, takesBooleans: true)
      return try LabelArrayRegions(boxes, as: reading, name: path)
    case .png: return try LabelPictureRegions(PNGReader(source), as: reading)
    case let other: throw PNG.notPNG(other, name: path)
    }
  }
}

/// Labels as a PNG file has them.
private final class LabelPictureRegions: RegionSource {
  let grid: GridShape
  private let window: RowWindow<UInt16>

  init(_ reader: PNGReader, as reading: LabelReading) throws {
    let grid = reader.grid
    if reader.header.is_interlaced {
      try PictureRegions.checkWhole(grid, 3, "interlaced PNG", reader.name)
    }
    let isGray = try Self.isGray(reader, reading)
    if isGray { LabelPicture.reportGray(reader.name) }
    self.grid = grid
    window = RowWindow(width: grid.width, channels: 1) { count in
      let pixels: LabelPicture.Pixels =
        reader.isColored
        ? .colors(try reader.rgb(rows: count)) : .indices(try reader.samples(rows: count))
      let rows = reader.header.is_interlaced ? grid.height : count
      return try LabelPicture(
        name: reader.name, grid: GridShape(width: grid.width, height: rows), pixels: pixels
      ).labels(as: reading, isGray: isGray).labels
    }
  }

  /// Whether a picture in colours is gray everywhere and so to be taken for numbers: no part of it
  /// tells, and it is decoded once for that.
  private static func isGray(_ reader: PNGReader, _ reading: LabelReading) throws -> Bool {
    guard reading.takesGrayForNumbers, reader.isColored, reader.header.bit_depth == 8 else {
      return false
    }
    let look = try PNGReader(FileSource(reader.name))
    let rowsAtATime = look.header.is_interlaced ? look.height : 64
    for first in stride(from: 0, to: look.height, by: rowsAtATime) {
      let rows = min(rowsAtATime, look.height - first)
      guard LabelPicture.isGray(try look.rgb(rows: rows)) else { return false }
    }
    return true
  }

  func read(_ region: GridRegion) throws -> LabelMap {
    try LabelMap(grid: region.grid, labels: window.read(region))
  }
}

/// Labels as an array has them.
private final class LabelArrayRegions: RegionSource {
  let grid: GridShape
  private let boxes: any BoxSource
  private let reading: LabelReading
  private let name: String

  init(_ boxes: any BoxSource, as reading: LabelReading, name: String) throws {
    guard boxes.shape.count == 2 else {
      throw InputError(
        .data, at: name, "has the shape \(boxes.shape), but tiles are cut from labels of two axes",
        remedy: "leave \(name: .tiles) out")
    }
    self.boxes = boxes
    self.reading = reading
    self.name = name
    grid = try GridShape(boxes.shape)
  }

  func read(_ region: GridRegion) throws -> LabelMap {
    try naming(region) {
      try LabelFile.labels(of: boxes.read([region.rows, region.columns]), as: reading, name: name)
    }
  }
}
