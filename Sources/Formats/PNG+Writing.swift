import LatticeSupport
import Unaries

extension PNG {
  /// Writes labels as palette indices, so that viewers show colours and readers find numbers.
  ///
  /// Labels that the palette lacks are black. Without a palette, and where a label is above 255,
  /// gray values are written instead: of 8 bits, or of 16 where labels need them. The file appears
  /// whole or not at all.
  /// - Throws: `InputError` where the map is not two-dimensional or the file cannot be written.
  public static func write(
    _ map: LabelMap, palette: Palette? = nil, to path: String
  ) throws {
    let largest = map.labels.max() ?? 0
    if largest > UInt8.max {
      try map.labels.withUnsafeBytes {
        try encode($0, map.grid, .words, to: path)
      }
      return
    }
    let samples = map.labels.map { UInt8(truncatingIfNeeded: $0) }
    let colors = palette?.bytes(forLabelsUpTo: Int(largest)) ?? []
    try samples.withUnsafeBytes {
      try encode($0, map.grid, .bytes(palette: colors), to: path)
    }
  }

  /// Writes a photograph: 8 bits, gray or RGB. The file appears whole or not at all.
  ///
  /// - Throws: `InputError` where the image is of another kind or the file cannot be written.
  public static func write(_ image: Image, to path: String) throws {
    guard case .bytes(let values) = image.pixels, image.channels == 3 || image.channels == 1 else {
      throw InputError(
        .data, at: path, "PNG images are written from 8-bit values in 1 or 3 channels",
        remedy: "reduce the image to gray or RGB first, or write an NPY file")
    }
    try values.withUnsafeBytes {
      try encode($0, image.grid, image.channels == 3 ? .rgb : .bytes(), to: path)
    }
  }

  private static func encode(
    _ bytes: UnsafeRawBufferPointer, _ grid: GridShape, _ pixels: PNGRowWriter.Pixels,
    to path: String
  ) throws {
    let writer = try PNGRowWriter(path, grid: grid, pixels: pixels)
    try writer.write(bytes)
    try writer.commit()
  }
}
