/// Builds the bytes of PNG files of every kind, without compression.
struct PNGBytes {
  var width: Int
  var height: Int
  var bitDepth: Int
  /// As in the file: 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGB and alpha.
  var color: Int
  var isInterlaced = false
  /// Colours of the palette; `nil` for as many as indices can name.
  var paletteCount: Int?
  /// What tRNS holds; `nil` for none.
  var transparency: [UInt8]?

  private var channels: Int { [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][color]! }

  /// The file; `sample` gives channel c of the pixel in column x and row y.
  func file(sample: (_ x: Int, _ y: Int, _ channel: Int) -> Int) -> [UInt8] {
    var raw: [UInt8] = []
    for pass in isInterlaced ? Self.adam7 : [Pass(0, 0, 1, 1)] {
      let columns = Array(stride(from: pass.x, to: width, by: pass.dx))
      if columns.isEmpty { continue }
      for y in stride(from: pass.y, to: height, by: pass.dy) {
        let samples = columns.flatMap { x in (0..<channels).map { sample(x, y, $0) } }
        raw += [0] + packed(samples)
      }
    }
    var header = Self.bytes(width) + Self.bytes(height)
    header += [UInt8(bitDepth), UInt8(color), 0, 0, isInterlaced ? 1 : 0]
    let colors = 0..<3 * (paletteCount ?? 1 << min(bitDepth, 8))
    let palette: [UInt8] = colors.map { index in UInt8(index * 37 % 256) }
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    file += Self.chunk("IHDR", header)
    if color == 3 { file += Self.chunk("PLTE", palette) }
    if let transparency { file += Self.chunk("tRNS", transparency) }
    file += Self.chunk("IDAT", Self.stored(raw))
    return file + Self.chunk("IEND", [])
  }

  /// The first pixel of an interlaced pass, and the distances of the others.
  private struct Pass {
    let x, y, dx, dy: Int

    init(_ x: Int, _ y: Int, _ dx: Int, _ dy: Int) {
      (self.x, self.y, self.dx, self.dy) = (x, y, dx, dy)
    }
  }

  private static let adam7 = [
    Pass(0, 0, 8, 8), Pass(4, 0, 8, 8), Pass(0, 4, 4, 8), Pass(2, 0, 4, 4), Pass(0, 2, 2, 4),
    Pass(1, 0, 2, 2), Pass(0, 1, 1, 2),
  ]

  private func packed(_ samples: [Int]) -> [UInt8] {
    if bitDepth == 16 { return samples.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } }
    let perByte = 8 / bitDepth
    return stride(from: 0, to: samples.count, by: perByte).map { first in
      (0..<perByte).reduce(0) { byte, index in
        let sample = first + index < samples.count ? samples[first + index] : 0
        return byte << UInt8(bitDepth % 8) | UInt8(sample)
      }
    }
  }

  /// A zlib stream of one stored block (RFC 1950, 1951).
  private static func stored(_ raw: [UInt8]) -> [UInt8] {
    let size = UInt16(raw.count)
    var (a, b) = (1, 0)
    for byte in raw {
      a = (a + Int(byte)) % 65521
      b = (b + a) % 65521
    }
    var stream: [UInt8] = [0x78, 0x01, 1]
    for part in [size, ~size] { stream += [UInt8(part & 0xFF), UInt8(part >> 8)] }
    return stream + raw + bytes(b << 16 | a)
  }

  private static func chunk(_ name: String, _ contents: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + contents
    return bytes(contents.count) + body + bytes(Int(ZipBytes.checksum(of: body)))
  }

  /// Four bytes, the most significant first.
  private static func bytes(_ number: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(number >> $0 & 0xFF) }
  }
}
