import CImageCodecs
import Support

extension PNG {
  /// Writes labels as palette indices, so that viewers show colours and readers find numbers.
  ///
  /// Labels that the palette lacks are black. Without a palette, and where a label is above 255, gray
  /// values are written instead: of 8 bits, or of 16 where labels need them. The file appears whole or
  /// not at all.
  /// - Throws: `InputError` where the map is not two-dimensional or the file cannot be written.
  public static func write(
    _ map: LabelMap, palette: Palette? = nil, to path: String
  ) throws {
    let largest = map.labels.max() ?? 0
    if largest > UInt8.max {
      try map.labels.withUnsafeBytes {
        try encode($0, map.grid, CODEC_PNG_SAMPLES_16, to: path)
      }
      return
    }
    let samples = map.labels.map { UInt8(truncatingIfNeeded: $0) }
    let colors = palette?.bytes(forLabelsUpTo: Int(largest)) ?? []
    try samples.withUnsafeBytes {
      try encode($0, map.grid, CODEC_PNG_SAMPLES_8, palette: colors, to: path)
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
      try encode(
        $0, image.grid, image.channels == 3 ? CODEC_PNG_RGB_8 : CODEC_PNG_SAMPLES_8, to: path)
    }
  }

  private static func encode(
    _ pixels: UnsafeRawBufferPointer, _ grid: GridShape, _ layout: codec_png_layout,
    palette: [UInt8] = [], to path: String
  ) throws {
    guard grid.rank == 2, let width = UInt32(exactly: grid.width),
      let height = UInt32(exactly: grid.height)
    else {
      throw InputError(
        .data, at: path, "a grid of \(grid) does not fit a PNG image",
        remedy: "write an NPY file")
    }
    var message = codec_message()
    var file: UnsafeMutablePointer<UInt8>?
    var size = 0
    guard
      codec_png_write(
        width, height, layout, pixels.baseAddress, palette, Int32(palette.count / 3), &file, &size,
        &message)
    else { throw EncodedImage.unwritten("PNG", message, name: path) }
    defer { codec_free(file) }
    try AtomicOutput.write(to: path) {
      try $0.write(UnsafeRawBufferPointer(start: file, count: size))
    }
  }
}
