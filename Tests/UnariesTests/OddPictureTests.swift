import Formats
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Odd pictures that lack no pixel")
struct OddPictureTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    Warnings.listen()
  }

  /// A JPEG with other values in the last three bytes of its first scan's header: the limits of
  /// frequencies, and the bits of their approximation.
  private static func scan(_ file: [UInt8], _ parameters: [UInt8]) throws -> [UInt8] {
    let marker = try #require(
      file.indices.first { file[$0] == 0xFF && file[$0 + 1] == 0xDA })
    let end = marker + 2 + Int(file[marker + 2]) << 8 + Int(file[marker + 3])
    var file = file
    file.replaceSubrange(end - 3..<end, with: parameters)
    return file
  }

  private static func bytes(_ image: Image) -> [UInt8] {
    if case .bytes(let bytes) = image.pixels { bytes } else { [] }
  }

  /// Whole, and a band at a time: the oddity is reported either way, and no pixel differs.
  private func check(_ file: [UInt8], as name: String, like plain: [UInt8], says words: String)
    throws
  {
    let expected = Self.bytes(
      try ImageFile.read(folder.write(plain, as: "plain.jpg")))
    let path = try folder.write(file, as: name)
    #expect(Self.bytes(try ImageFile.read(path)) == expected)
    let warnings = Warnings.about(path)
    #expect(warnings.count == 1)
    #expect(warnings.first?.problem.contains(words) == true, "\(warnings)")
    #expect(warnings.first?.problem.contains("all of its pixels could be read") == true)
    let regions = try ImageFile.regions(path, layout: .channelsFirst)
    _ = try regions.read(GridRegion(rows: 0..<3, columns: 0..<16))
    #expect(Warnings.about(path).count == 1, "rows that are still to come may be lost")
    let rest = try regions.read(GridRegion(rows: 3..<8, columns: 0..<16))
    #expect(Self.bytes(rest) == Array(expected[(3 * 16 * 3)...]))
    #expect(Warnings.about(path).count == 2)
  }

  @Test(
    "a baseline JPEG whose scan says odd things about frequencies is read",
    arguments: [[0, 0, 0], [1, 63, 0], [0, 62, 0], [0, 63, 1], [255, 255, 255]] as [[UInt8]])
  func scanParameters(parameters: [UInt8]) throws {
    for (name, plain) in [("color", JPEGBytes.color), ("gray", JPEGBytes.gray)] {
      try check(
        Self.scan(plain, parameters), as: "\(name).jpg", like: plain, says: "Invalid SOS parameters"
      )
    }
  }

  @Test("a JPEG with bytes too many before its end is read")
  func extraBytes() throws {
    let plain = JPEGBytes.color
    // The decoder has taken the first few for the pixels' own when it finds that it needs no more.
    for extra in [[UInt8](repeating: 0, count: 20), (1...40).map { UInt8($0) }] {
      try check(
        Array(plain.dropLast(2)) + extra + plain.suffix(2), as: "extra\(extra.count).jpg",
        like: plain, says: "extraneous bytes")
    }
  }

  @Test("a JPEG of a version that libjpeg does not know is read")
  func version() throws {
    let plain = JPEGBytes.color
    let jfif: [UInt8] = [0xFF, 0xE0, 0, 16] + Array("JFIF\0".utf8) + [9, 1, 0, 0, 1, 0, 1, 0, 0]
    try check(
      Array(plain[..<2]) + jfif + plain[2...], as: "version.jpg", like: plain, says: "JFIF")
  }

  @Test("an ordinary JPEG, and what follows its end, are worth no warning")
  func ordinary() throws {
    for (name, file) in [
      ("one.jpg", JPEGBytes.color), ("two.jpg", JPEGBytes.color + JPEGBytes.gray),
      ("zeros.jpg", JPEGBytes.progressive + [0, 0, 0]),
    ] {
      let path = try folder.write(file, as: name)
      #expect(try ImageFile.read(path).grid == GridShape(width: 16, height: 8))
      #expect(Warnings.about(path).isEmpty)
    }
  }

  @Test("a JPEG that lacks pixels stays refused, however odd it is besides")
  func lostPixels() throws {
    let odd = try Self.scan(JPEGBytes.color, [0, 0, 0])
    for length in odd.count - 12..<odd.count {
      let path = try folder.write(Array(odd[..<length]), as: "short.jpg")
      #expect(throws: InputError.self, "\(length) bytes") { try ImageFile.read(path) }
    }
    let progressive = try Self.scan(JPEGBytes.progressive, [5, 3, 0])
    let path = try folder.write(progressive, as: "progressive.jpg")
    #expect(throws: InputError.self) { try ImageFile.read(path) }
  }

  // MARK: Palettes

  @Test(
    "labels beyond a short palette are read, whole and a band at a time",
    arguments: [(1, 1), (2, 2), (4, 7), (8, 1), (8, 19)], [false, true])
  func shortPalettes(kind: (depth: Int, colors: Int), isInterlaced: Bool) throws {
    let most = (1 << kind.depth) - 1
    let labels = (0..<35).map { UInt16($0 * 37 % (most + 1)) }.dropLast() + [UInt16(most)]
    var png = PNGBytes(
      width: 7, height: 5, bitDepth: kind.depth, color: 3, isInterlaced: isInterlaced)
    png.paletteCount = kind.colors
    let path = try folder.write(png.file { x, y, _ in Int(labels[7 * y + x]) }, as: "a.png")
    #expect(try LabelFile.read(path).labels == Array(labels))
    #expect(try LabelFile.grid(of: path) == GridShape(width: 7, height: 5))
    let regions = try LabelFile.regions(path)
    for rows in [0..<2, 2..<5] {
      let part = try regions.read(GridRegion(rows: rows, columns: 0..<7))
      #expect(part.labels == Array(labels[(7 * rows.lowerBound)..<(7 * rows.upperBound)]))
    }
  }

  @Test("a photograph with a colour that its palette lacks is refused with the pixel's place")
  func colorsWithoutAPalette() throws {
    var png = PNGBytes(width: 7, height: 5, bitDepth: 8, color: 3)
    png.paletteCount = 19
    let path = try folder.write(png.file { x, y, _ in x == 3 && y == 4 ? 19 : 18 }, as: "a.png")
    let whole = errorText { _ = try ImageFile.read(path) }
    #expect(
      whole.contains("pixel (3, 4) has palette index 19, but the palette has 19 colours"),
      "\(whole)")
    let regions = try ImageFile.regions(path, layout: .channelsFirst)
    _ = try regions.read(GridRegion(rows: 0..<3, columns: 0..<7))
    let band = errorText { _ = try regions.read(GridRegion(rows: 3..<5, columns: 0..<7)) }
    #expect(band.contains("pixel (3, 4) has palette index 19"), "\(band)")
  }

  @Test("a palette image is its colours, not its indices")
  func colors() throws {
    let indices = [0, 5, 10, 15]
    let png = PNGBytes(width: 4, height: 1, bitDepth: 4, color: 3).file { x, _, _ in indices[x] }
    let image = try ImageFile.read(folder.write(png, as: "a.png"))
    // As `PNGBytes` paints its palette.
    let expected: [UInt8] = indices.flatMap { index -> [UInt8] in
      (3 * index..<3 * index + 3).map { UInt8($0 * 37 % 256) }
    }
    #expect(Self.bytes(image) == expected)
  }

  // MARK: What is no picture

  @Test(
    "pictures of other kinds are named for what they are",
    arguments: [
      (Array("\0\0\0\u{18}ftypheic\0\0\0\0".utf8), "HEIF"),
      (Array("\0\0\0\u{1C}ftypavif\0\0\0\0".utf8), "AVIF"),
      (Array("BM0000".utf8), "BMP"),
    ])
  func others(bytes: [UInt8], words: String) throws {
    let text = errorText { _ = try ImageFile.read(folder.write(bytes, as: "a.jpg")) }
    #expect(text.contains("seems to be a") && text.contains(words), "\(text)")
    #expect(text.contains("convert it to PNG"))
  }
}
