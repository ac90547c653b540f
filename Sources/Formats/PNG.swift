import LatticeSupport
import Unaries

/// Images and label maps in PNG files.
public enum PNG {
  /// Reads an image of any PNG kind in RGB, its rows as they are stored.
  ///
  /// Gray becomes RGB, palette indices become their colours, alpha is dropped. Samples of 16 bits
  /// are divided by 257, so that they span 0…255 too: where that leaves fractions the image has
  /// them, else it is of 8 bits as all others are.
  /// - Throws: `InputError` where the file cannot be read or is damaged.
  public static func read(_ path: String) throws -> Image {
    try withBytes(of: path) { try decode($0, name: path) }
  }

  /// The image in the bytes of a PNG file; `name` stands for the file in messages.
  package static func decode(_ bytes: UnsafeRawBufferPointer, name: String) throws -> Image {
    try PNGReader(MemorySource(bytes, name: name)).image()
  }

  /// Reads a label map: labels as palette indices or gray values, or as colours that a palette
  /// translates.
  ///
  /// - Throws: `InputError` where the file cannot be read or is damaged.
  public static func readLabels(_ path: String) throws -> LabelPicture {
    try withBytes(of: path) { try decodeLabels($0, name: path) }
  }

  /// The label map in the bytes of a PNG file; `name` stands for the file in messages.
  package static func decodeLabels(
    _ bytes: UnsafeRawBufferPointer, name: String
  ) throws -> LabelPicture {
    let reader = try PNGReader(MemorySource(bytes, name: name))
    try EncodedImage.checkMemory(reader.grid, name: name)
    return LabelPicture(
      name: name, grid: reader.grid,
      pixels: reader.isColored
        ? .colors(try reader.rgb(rows: reader.height))
        : .indices(try reader.samples(rows: reader.height)),
      isReduced: reader.header.bit_depth == 16)
  }

  private static func withBytes<Result>(
    of path: String, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    let file = try EncodedImage(FileSource(path))
    guard file.kind == .png else { throw notPNG(file.kind, name: path) }
    return try file.bytes.withUnsafeBytes(body)
  }

  static func notPNG(_ kind: FileKind, name: String) -> InputError {
    InputError(
      .data, at: name, "is \(kind.words), but a PNG image is needed",
      remedy: kind.remedy ?? "convert it to PNG; JPEG does not keep labels exactly")
  }
}
