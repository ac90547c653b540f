import CTIFF
import Formats
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Rasters in TIFF files.
@Suite(.enabled(if: tiff_is_available(), "libtiff is not installed"))
struct TIFFTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// A TIFF file in strips of one row, not compressed, from its tags and rows.
  ///
  /// - Parameter tags: type and values of each.
  private func file(
    width: Int, height: Int, bands: Int = 1, bits: Int = 8, rows: [UInt8],
    tags others: [Int: (type: Int, values: [Int])] = [:], texts: [Int: String] = [:],
    doubles: [Int: [Double]] = [:], as name: String = "a.tif"
  ) throws -> String {
    var bytes: [UInt8] = [0x49, 0x49, 42, 0, 0, 0, 0, 0]
    func add(_ value: Int, _ size: Int, to bytes: inout [UInt8]) {
      for byte in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }
    bytes += rows
    let perRow = (width * bands * bits + 7) / 8
    var tags: [Int: (type: Int, count: Int, bytes: [UInt8])] = [:]
    func set(_ tag: Int, _ type: Int, _ values: [Int]) {
      var part: [UInt8] = []
      for value in values { add(value, [1: 1, 3: 2, 4: 4][type] ?? 1, to: &part) }
      tags[tag] = (type, values.count, part)
    }
    set(256, 4, [width])
    set(257, 4, [height])
    set(258, 3, [Int](repeating: bits, count: bands))
    set(259, 3, [1])
    set(262, 3, [bands == 3 ? 2 : 1])
    set(273, 4, (0..<height).map { 8 + $0 * perRow })
    set(277, 3, [bands])
    set(278, 4, [1])
    set(279, 4, [Int](repeating: perRow, count: height))
    for (tag, value) in others { set(tag, value.type, value.values) }
    for (tag, text) in texts { tags[tag] = (2, text.utf8.count + 1, Array(text.utf8) + [0]) }
    for (tag, values) in doubles {
      tags[tag] = (
        12, values.count,
        values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
      )
    }
    var directory: [UInt8] = []
    for (tag, value) in tags.sorted(by: { $0.key < $1.key }) {
      add(tag, 2, to: &directory)
      add(value.type, 2, to: &directory)
      add(value.count, 4, to: &directory)
      if value.bytes.count <= 4 {
        directory += value.bytes + [UInt8](repeating: 0, count: 4 - value.bytes.count)
      } else {
        bytes += [UInt8](repeating: 0, count: bytes.count % 2)
        add(bytes.count, 4, to: &directory)
        bytes += value.bytes
      }
    }
    bytes += [UInt8](repeating: 0, count: bytes.count % 2)
    var start: [UInt8] = []
    add(bytes.count, 4, to: &start)
    bytes.replaceSubrange(4..<8, with: start)
    add(tags.count, 2, to: &bytes)
    bytes += directory + [0, 0, 0, 0]
    return try folder.write(bytes, as: name)
  }

  private static let place: [Int: [Double]] = [
    33550: [10, 10, 0], 33922: [0, 0, 0, 500_000, 5_000_000, 0],
  ]
  private static let zone: (type: Int, values: [Int]) = (3, [1, 1, 0, 1, 3072, 0, 1, 32633])

  @Test func bandsAreChannelsInTheNumbersOfTheFile() throws {
    let path = try file(
      width: 2, height: 1, bands: 2, bits: 16, rows: [1, 0, 0, 1, 0xFF, 0xFF, 0, 0])
    let (image, mask, placement) = try TIFF.read(path)
    #expect(mask == nil && placement == nil && image.channels == 2)
    #expect([image[0, 0], image[0, 1], image[1, 0], image[1, 1]] == [1, 256, 65535, 0])
    var reading = RasterReading()
    reading.bands = [2]
    #expect(try TIFF.read(path, as: reading).image[0, 0] == 256)
    reading.bands = [3]
    #expect(throws: InputError.self) { try TIFF.read(path, as: reading) }
  }

  @Test func pixelsWhoseBandsAreAllNodataAreLeftOut() throws {
    let path = try file(
      width: 3, height: 1, bands: 2, rows: [7, 7, 7, 1, 2, 3], texts: [42113: "7"])
    let (image, mask, _) = try TIFF.read(path)
    #expect(mask?.isCounted == [false, true, true])
    #expect([image[0, 0], image[1, 0], image[2, 1]] == [0, 7, 3])
    let other = try file(
      width: 3, height: 1, rows: [7, 0, 1], texts: [42113: "-9999"], as: "other.tif")
    #expect(try TIFF.read(other).mask == nil)
  }

  @Test func networksSeeBytesInColourOrGray() throws {
    let rows = (0..<12).map { UInt8(20 * $0) }
    let color = try file(width: 2, height: 2, bands: 3, rows: rows)
    let picture = try ImageFile.read(color)
    #expect(picture.channels == 3)
    #expect((0..<12).allSatisfy { picture[$0 / 3, $0 % 3] == Float(20 * $0) })
    #expect(try ImageFile.grid(of: color) == picture.grid)
    let gray = try ImageFile.read(file(width: 4, height: 3, rows: rows, as: "gray.tif"))
    #expect(gray.channels == 3 && (0..<3).allSatisfy { gray[5, $0] == 100 })
    for (bands, bits) in [(4, 8), (1, 16)] {
      let other = try file(
        width: 3, height: 1, bands: bands, bits: bits, rows: rows, as: "\(bands).tif")
      let error = #expect(throws: InputError.self) { try ImageFile.read(other) }
      #expect(error?.problem.contains("is no photograph") == true)
    }
  }

  @Test func alphaSaysWhichPixelsCountUnlessItIsABand() throws {
    let path = try file(
      width: 2, height: 1, bands: 2, rows: [9, 0, 8, 255], tags: [338: (3, [2])])
    let (image, mask, _) = try TIFF.read(path)
    #expect(image.channels == 1 && mask?.isCounted == [false, true] && image[1, 0] == 8)
    var reading = RasterReading()
    reading.alpha = .band
    let all = try TIFF.read(path, as: reading)
    #expect(all.image.channels == 2 && all.mask == nil && all.image[1, 1] == 255)
  }

  @Test func smallSamplesArePicturesAndLowNumbersMayBeWhite() throws {
    let bits = try file(width: 9, height: 1, bits: 1, rows: [0b1010_0000, 0b1000_0000])
    let image = try TIFF.read(bits).image
    #expect([0, 1, 2, 8].map { image[$0, 0] } == [255, 0, 255, 255])
    let white = try file(
      width: 2, height: 1, rows: [0, 200], tags: [262: (3, [0])], as: "white.tif")
    #expect(try TIFF.read(white).image.pixels.inBytes == [255, 55])
  }

  @Test func labelsAreWrittenWithTheirPlaceAndComeBack() throws {
    let path = try file(
      width: 2, height: 1, rows: [1, 2], tags: [34735: Self.zone], doubles: Self.place)
    let placement = try #require(try TIFF.read(path).placement)
    #expect(placement.map?.epsg == 32633)
    #expect(placement.map?.affine == [10, 0, 500_000, 0, -10, 5_000_000])
    // More than a tile either way, so that there are some that are not full.
    let grid = GridShape(width: 300, height: 259)
    for offset in [0, 1000] {
      let map = try LabelMap(
        grid: grid, labels: (0..<grid.count).map { UInt16($0 % 5 + offset) })
      let target = folder.file("labels\(offset).tif")
      try LabelFile.write(map, palette: .voc, at: placement, to: target)
      #expect(try LabelFile.read(target) == map)
      #expect(try TIFF.read(target).placement?.map?.affine == placement.map?.affine)
      try LabelFile.write(map, palette: .voc, at: placement, to: folder.file("again.tif"))
      #expect(try folder.bytes(of: "again.tif") == folder.bytes(of: "labels\(offset).tif"))
    }
  }

  @Test func whatIsLeftOutIsNodataAgain() throws {
    let grid = GridShape(width: 3, height: 1)
    let mask = try PointMask(grid: grid, isCounted: [true, false, true])
    let map = try LabelMap(grid: grid, labels: [1, 0, 2]).marking(mask, labelCount: 3)
    let target = folder.file("labels.tif")
    try LabelFile.write(map, mayLeaveOut: true, to: target)
    let (found, left, _) = try LabelFile.readMasked(target, as: LabelReading())
    #expect(left == mask && found.labels[0] == 1 && found.labels[2] == 2)
    let field = ChannelField(points: 3, channels: 2, rows: [0.25, 0.75, 0.5, 0.5, 1, 0])
    try MarginalsFile.write(
      Marginals(grid: grid, values: field), mask: mask, to: folder.file("q.tif"))
    let scores = try ArrayFile.read(folder.file("q.tif"))
    #expect(scores.shape == [2, 1, 3])
    #expect([0, 2, 3, 5].map { scores.values[$0] } == [0.25, 1, 0.75, 0])
  }

  @Test func filesThatAskForWhatIsNotThereAreRefused() throws {
    func refusal(_ path: String) -> String {
      let error = #expect(throws: InputError.self) { try TIFF.read(path) }
      #expect(error?.place == path)
      return error.map { "\($0)" } ?? ""
    }
    #expect(
      refusal(try file(width: 2, height: 1, rows: [1, 2], tags: [273: (4, [4000])]))
        .contains("outside of the file"))
    #expect(
      refusal(try file(width: 1 << 30, height: 1, rows: [1], tags: [278: (4, [1])]))
        .contains("TIFF"))
    #expect(
      refusal(try file(width: 2, height: 1, rows: [1, 2], tags: [339: (3, [6])]))
        .contains("complex"))
    #expect(
      refusal(try file(width: 2, height: 1, rows: [1, 2], tags: [259: (3, [6])]))
        .contains("old JPEG"))
    #expect(
      refusal(try file(width: 2, height: 1, rows: [1, 2], tags: [262: (3, [8])]))
        .contains("L*a*b*"))
    #expect(
      refusal(try file(width: 0, height: 1, rows: [1, 2])).contains("0×1 pixels"))
    // Deflate makes at most 1032 bytes of one: 3 of 3096.
    #expect(
      refusal(
        try file(width: 4200, height: 1, rows: [1, 2, 3], tags: [259: (3, [8]), 279: (4, [3])])
      )
      .contains("cannot stand for a row of 4200 pixels"))
  }

  @Test func aRegionIsThatOfTheWhole() throws {
    let grid = GridShape(width: 300, height: 300)
    let map = try LabelMap(
      grid: grid, labels: (0..<grid.count).map { UInt16($0 % 251) })
    try LabelFile.write(map, to: folder.file("l.tif"))
    let regions = try LabelFile.regions(folder.file("l.tif"))
    for (rows, columns) in [(0..<9, 250..<300), (3..<270, 0..<5), (260..<300, 100..<300)] {
      let region = GridRegion(rows: rows, columns: columns)
      #expect(
        try regions.read(region).labels
          == GridRegion(allOf: grid).cut(region, from: map.labels))
    }
  }
}

extension Image.Pixels {
  fileprivate var inBytes: [UInt8]? { if case .bytes(let bytes) = self { bytes } else { nil } }
}
