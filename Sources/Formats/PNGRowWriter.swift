import CImageCodecs
import LatticeSupport
import Unaries

/// A PNG file that is written row by row, from top to bottom; it appears with `commit()` or not at
/// all.
package final class PNGRowWriter {
  /// What the pixels are.
  package enum Pixels {
    /// Labels or gray values below 256, a byte each; with the colours of labels, three bytes each.
    case bytes(palette: [UInt8] = [])
    /// Labels or gray values, two bytes each in the machine's order.
    case words
    /// Red, green and blue, a byte each.
    case rgb
  }

  private let file: OutputFile
  private let writer: OpaquePointer
  private let rowSize: Int

  /// The file that a codec in C writes to; why that failed is kept here.
  private final class OutputFile {
    let output: AtomicOutput
    var failure: (any Error)?

    init(_ path: String) throws { output = try AtomicOutput(path) }

    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
      do {
        try output.write(bytes)
        return true
      } catch {
        failure = error
        return false
      }
    }
  }

  /// - Throws: `InputError` where the file cannot be created, or no PNG image has these extents.
  package init(_ path: String, grid: GridShape, pixels: Pixels) throws {
    guard grid.rank == 2, let width = UInt32(exactly: grid.width),
      let height = UInt32(exactly: grid.height)
    else {
      throw InputError(
        .data, at: path, "a grid of \(grid) does not fit a PNG image",
        remedy: "write an NPY file")
    }
    let file = try OutputFile(path)
    var message = codec_message()
    let (layout, palette, size) = pixels.parameters
    let writer = codec_png_writer_open(
      width, height, layout, palette, Int32(palette.count / 3),
      { context, bytes, count in
        Unmanaged<OutputFile>.fromOpaque(context!).takeUnretainedValue()
          .write(UnsafeRawBufferPointer(start: bytes, count: count))
      }, Unmanaged.passUnretained(file).toOpaque(), &message)
    guard let writer else {
      throw file.failure ?? EncodedImage.unwritten("PNG", message, name: path)
    }
    self.file = file
    self.writer = writer
    rowSize = grid.width * size
  }

  deinit { codec_png_writer_close(writer) }

  /// The file; it must be committed through the writer.
  package var output: AtomicOutput { file.output }

  /// Writes the next rows, which stand without gaps.
  ///
  /// - Throws: `InputError` where the file cannot be written.
  package func write(_ pixels: UnsafeRawBufferPointer) throws {
    precondition(
      pixels.count.isMultiple(of: rowSize), "\(pixels.count) bytes are not rows of \(rowSize)")
    try check { codec_png_writer_rows(writer, pixels.baseAddress, pixels.count / rowSize, $0) }
  }

  /// Ends the file, whose rows must all be there, and puts it in its place.
  package func commit() throws {
    try check { codec_png_writer_finish(writer, $0) }
    try file.output.commit()
  }

  private func check(_ body: (UnsafeMutablePointer<codec_message>) -> Bool) throws {
    var message = codec_message()
    guard body(&message) else {
      throw file.failure ?? EncodedImage.unwritten("PNG", message, name: file.output.path)
    }
  }
}

extension PNGRowWriter.Pixels {
  fileprivate var parameters: (codec_png_layout, palette: [UInt8], bytesPerPixel: Int) {
    switch self {
    case .bytes(let palette): (CODEC_PNG_SAMPLES_8, palette, 1)
    case .words: (CODEC_PNG_SAMPLES_16, [], 2)
    case .rgb: (CODEC_PNG_RGB_8, [], 3)
    }
  }
}
