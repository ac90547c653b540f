import Formats
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Pictures that are not stored upright")
struct OrientationTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Three columns and two rows of colours that are all different.
  private static let stored = PNGBytes(width: 3, height: 2, bitDepth: 8, color: 2)
    .file { x, y, channel in 10 * (3 * y + x) + channel }

  private static func numbers(_ image: Image) -> [Int] {
    (0..<image.grid.count).map { Int(image[$0, 0]) / 10 }
  }

  /// The numbers of pixels are 0 1 2 / 3 4 5 as stored. What they are upright is EXIF 2.3's table
  /// of which edges of the picture the first row and the first column are.
  @Test(
    "are turned as EXIF says, whatever its byte order, and only where that is asked for",
    arguments: [
      (1, 3, [0, 1, 2, 3, 4, 5]), (2, 3, [2, 1, 0, 5, 4, 3]), (3, 3, [5, 4, 3, 2, 1, 0]),
      (4, 3, [3, 4, 5, 0, 1, 2]), (5, 2, [0, 3, 1, 4, 2, 5]), (6, 2, [3, 0, 4, 1, 5, 2]),
      (7, 2, [5, 2, 4, 1, 3, 0]), (8, 2, [2, 5, 1, 4, 0, 3]),
    ])
  func turns(orientation: Int, width: Int, expected: [Int]) throws {
    for isLittle in [true, false] {
      for afterPixels in [true, false] {
        let block = EXIFBytes.block(orientation: orientation, isLittle: isLittle)
        let path = try folder.write(
          EXIFBytes.png(Self.stored, with: block, afterPixels: afterPixels), as: "a.png")
        #expect(try ImageFile.orientation(of: path).rawValue == orientation)
        #expect(Self.numbers(try ImageFile.read(path)) == [0, 1, 2, 3, 4, 5])
        let upright = try ImageFile.read(path, rows: .upright)
        #expect(upright.grid.width == width)
        #expect(Self.numbers(upright) == expected)
        #expect(upright[1, 2] == Float(10 * expected[1] + 2), "channels stay in order")
        #expect(
          try Self.numbers(#require(PictureOrientation(rawValue: orientation)).stored(upright))
            == [0, 1, 2, 3, 4, 5])
      }
    }
  }

  @Test("are found in JPEG files, among other segments", arguments: [true, false])
  func photographs(isLittle: Bool) throws {
    // A comment and a segment of another program stand before and behind it.
    let comment: [UInt8] = [0xFF, 0xFE, 0, 6] + Array("Exif".utf8)
    let other: [UInt8] = [0xFF, 0xE1, 0, 9] + Array("http:/\u{0}".utf8)
    let plain = JPEGBytes.color
    let block = EXIFBytes.block(orientation: 6, isLittle: isLittle)
    let noted = EXIFBytes.jpeg(Array(plain[..<2]) + other + plain[2...], with: block)
    let path = try folder.write(Array(noted[..<2]) + comment + noted[2...], as: "a.jpg")
    #expect(try ImageFile.orientation(of: path) == .quarterTurnRight)
    let (stored, upright) = (try ImageFile.read(path), try ImageFile.read(path, rows: .upright))
    #expect(upright.grid == GridShape(width: 8, height: 16))
    // The left half is the upper one once the picture has been turned to the right.
    #expect((0..<3).allSatisfy { upright[0, $0] == stored[7 * 16, $0] })
    #expect((0..<3).allSatisfy { upright[127, $0] == stored[15, $0] })
  }

  @Test("whose notes make no sense are left as they are")
  func nonsense() throws {
    var blocks = [0, 9, 300].map { EXIFBytes.block(orientation: $0) }
    blocks.append(EXIFBytes.block(orientation: 6, type: 2))
    blocks.append(EXIFBytes.block(orientation: 6, count: 2))
    var far = EXIFBytes.block(orientation: 6)
    far.replaceSubrange(4..<8, with: [0xF0, 0xFF, 0xFF, 0xFF])
    var many = EXIFBytes.block(orientation: 6)
    many.replaceSubrange(8..<10, with: [0xFF, 0xFF])
    many[22] = 0x13
    blocks += [far, many, Array("II".utf8), Array("XX".utf8) + far.dropFirst(2), []]
    for (index, block) in blocks.enumerated() {
      for (name, bytes) in [
        ("a.png", EXIFBytes.png(Self.stored, with: block)),
        ("a.jpg", EXIFBytes.jpeg(JPEGBytes.color, with: block)),
      ] {
        let path = try folder.write(bytes, as: name)
        #expect(try ImageFile.orientation(of: path) == .upright, "block \(index)")
        #expect(try ImageFile.read(path).grid == ImageFile.read(path, rows: .upright).grid)
      }
    }
  }

  @Test("with numbers of one or four bytes, or a name in front, as some programs write them")
  func unusual() throws {
    let named = Array("Exif\0\0".utf8) + EXIFBytes.block(orientation: 3)
    for block in [
      EXIFBytes.block(orientation: 3, type: 1), EXIFBytes.block(orientation: 3, type: 4), named,
    ] {
      let path = try folder.write(EXIFBytes.png(Self.stored, with: block), as: "a.png")
      #expect(try ImageFile.orientation(of: path) == .halfTurn)
    }
  }

  /// The block's own end counts, not the file's: what follows it is another segment's.
  @Test("are upright as soon as a byte of the notes is missing")
  func cutShort() throws {
    let block = EXIFBytes.block(orientation: 6)
    // The orientation's number ends 32 bytes from the start.
    for length in 0..<32 {
      let path = try folder.write(
        EXIFBytes.png(Self.stored, with: Array(block[..<length])), as: "a.png")
      #expect(try ImageFile.orientation(of: path) == .upright, "\(length) bytes")
    }
    let whole = EXIFBytes.jpeg(JPEGBytes.color, with: block)
    for length in 4..<30 {
      let path = try folder.write(Array(whole[..<length]), as: "a.jpg")
      #expect(try ImageFile.orientation(of: path) == .upright, "\(length) bytes")
    }
  }

  @Test("are read a region at a time as they are whole", arguments: PictureOrientation.allCases)
  func regions(orientation: PictureOrientation) throws {
    for depth in [8, 16] {
      let stored = PNGBytes(width: 7, height: 5, bitDepth: depth, color: 2)
        .file { x, y, channel in (97 * x + 31 * y + 11 * channel) % (1 << depth) }
      let path = try folder.write(
        EXIFBytes.png(stored, with: EXIFBytes.block(orientation: orientation.rawValue)),
        as: "a.png")
      let whole = try ImageFile.read(path, rows: .upright)
      let source = try ImageFile.regions(path, layout: .channelsFirst, rows: .upright)
      #expect(source.grid == whole.grid)
      for (rows, columns) in [(0..<2, 1..<4), (1..<5, 0..<5), (4..<5, 4..<5)] {
        let part = try source.read(GridRegion(rows: rows, columns: columns))
        var point = 0
        for row in rows {
          for column in columns {
            for channel in 0..<3 {
              #expect(part[point, channel] == whole[row * whole.grid.width + column, channel])
            }
            point += 1
          }
        }
      }
    }
  }

  // MARK: The rule

  private static let wide = GridShape(width: 6, height: 4)
  private static let high = GridShape(width: 4, height: 6)

  private func use(
    _ rule: OrientationRule, _ orientation: PictureOrientation, fits: GridShape...
  ) throws -> OrientationUse? {
    try rule.use(
      orientation, stored: Self.wide, at: "p.jpg", companion: "scores",
      fits: [{ fits.contains($0) }])
  }

  @Test("are taken as what belongs to them is, where the proportions tell")
  func proportions() throws {
    for orientation in PictureOrientation.allCases where orientation.exchangesAxes {
      #expect(try use(.ask, orientation, fits: Self.high)?.isApplied == true)
      #expect(try use(.ask, orientation, fits: Self.wide)?.isApplied == false)
      #expect(
        try use(.ask, orientation, fits: Self.high)?.description
          == "turned upright (EXIF orientation \(orientation.rawValue)), as the scores are")
      // Whoever reads what fits neither way has the better words for it.
      #expect(try use(.ask, orientation)?.isApplied == false)
    }
    #expect(try use(.ask, .upright, fits: Self.wide) == nil)
    #expect(try use(.apply, .upright, fits: Self.wide) == nil)
  }

  @Test("are asked about where the proportions tell nothing")
  func questions() throws {
    for orientation in PictureOrientation.allCases.dropFirst() {
      let text = errorText {
        _ = try use(.ask, orientation, fits: Self.wide, Self.high)
      }
      #expect(text.contains("EXIF orientation \(orientation.rawValue)"), "\(text)")
      #expect(text.contains("the orientation rule 'apply'"))
      #expect(text.contains("the orientation rule 'ignore'"))
      #expect(!text.contains("transpose"))
      if orientation.exchangesAxes { continue }
      #expect(throws: InputError.self) { try use(.ask, orientation, fits: Self.wide) }
      #expect(try use(.apply, orientation, fits: Self.wide)?.isApplied == true)
      #expect(try use(.ignore, orientation, fits: Self.wide)?.isApplied == false)
    }
  }

  @Test("are not turned by an option that contradicts the proportions")
  func contradictions() {
    let applied = errorText { _ = try use(.apply, .quarterTurnRight, fits: Self.wide) }
    #expect(applied.contains("4×6 pixels turned upright, which was asked for"), "\(applied)")
    #expect(applied.contains("as it is stored (EXIF orientation 6), 6×4"), "\(applied)")
    let ignored = errorText { _ = try use(.ignore, .quarterTurnRight, fits: Self.high) }
    #expect(ignored.contains("6×4 pixels as it is stored, which was asked for"), "\(ignored)")
    for text in [applied, ignored] {
      #expect(text.contains("leave the orientation rule out") && !text.contains("transpose"))
    }
  }
}
