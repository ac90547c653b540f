import Support

extension LabelFile {
  /// The labels of a file, of two axes, to be read a region at a time; see `read(_:palette:)`.
  ///
  /// - Throws: `InputError` where the file cannot be read, is something else, or is no picture of
  ///   two axes.
  package static func regions(
    _ path: String, palette: Palette? = nil
  ) throws -> any RegionSource<LabelMap> {
    let source = try FileSource(path)
    try source.checkIsFile()
    switch FileKind(prefix: source.peek(FileKind.prefixLength)) {
    case .npy: return try LabelArrayRegions(ArrayFile.boxes(path), name: path)
    case .png: return try LabelPictureRegions(PNGReader(source), palette: palette)
    case let other: throw PNG.notPNG(other, name: path)
    }
  }
}

/// Labels as a PNG file has them.
private final class LabelPictureRegions: RegionSource {
  let grid: GridShape
  private let window: RowWindow<UInt16>

  init(_ reader: PNGReader, palette: Palette?) throws {
    let grid = reader.grid
    self.grid = grid
    window = RowWindow(width: grid.width, channels: 1) { count in
      let pixels: LabelPicture.Pixels =
        reader.isColored
        ? .colors(try reader.rgb(rows: count)) : .indices(try reader.samples(rows: count))
      let rows = reader.header.is_interlaced ? grid.height : count
      return try LabelPicture(
        name: reader.name, grid: GridShape(width: grid.width, height: rows), pixels: pixels
      ).labels(using: palette).labels
    }
    if reader.header.is_interlaced {
      try PictureRegions.checkWhole(grid, 3, "interlaced PNG", reader.name)
    }
  }

  func read(_ region: GridRegion) throws -> LabelMap {
    try LabelMap(grid: region.grid, labels: window.read(region))
  }
}

/// Labels as an array has them.
private final class LabelArrayRegions: RegionSource {
  let grid: GridShape
  private let boxes: any BoxSource
  private let name: String

  init(_ boxes: any BoxSource, name: String) throws {
    guard boxes.shape.count == 2 else {
      throw InputError(
        .data, at: name, "has the shape \(boxes.shape), but tiles are cut from labels of two axes",
        remedy: "leave --tile out")
    }
    self.boxes = boxes
    self.name = name
    grid = try GridShape(boxes.shape)
  }

  func read(_ region: GridRegion) throws -> LabelMap {
    try naming(region) {
      try LabelFile.labels(of: boxes.read([region.rows, region.columns]), name: name)
    }
  }
}
