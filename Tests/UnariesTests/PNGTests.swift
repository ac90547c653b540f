import Formats
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite struct PNGTests {
  private let folder: TemporaryFolder
  private var path: String { folder.file("a.png") }

  init() throws {
    folder = try TemporaryFolder()
  }

  private static func map(_ labels: [UInt16]) throws -> LabelMap {
    try LabelMap(grid: GridShape([2, labels.count / 2]), labels: labels)
  }

  @Test(arguments: [nil, Palette.voc, Palette.camvid])
  func labelsSurviveWithAndWithoutAPalette(palette: Palette?) throws {
    let map = try Self.map([0, 1, 2, 10, 200, 255])
    try PNG.write(map, palette: palette, to: path)
    #expect(try PNG.readLabels(path).labels() == map)
    #expect(try folder.contents() == ["a.png"])
  }

  @Test(arguments: [nil, Palette.voc])
  func labelsAbove255NeedSixteenBits(palette: Palette?) throws {
    let map = try Self.map([0, 1, 256, 1000, 40000, 65535])
    try PNG.write(map, palette: palette, to: path)
    #expect(try PNG.readLabels(path).labels() == map)
  }

  @Test func aLabelPictureShowsThePalettesColours() throws {
    let map = try Self.map([0, 3, 10, 255])
    try PNG.write(map, palette: .camvid, to: path)
    let image = try ImageFile.read(path)
    guard case .bytes(let bytes) = image.pixels else {
      Issue.record("a PNG image has 8 bits")
      return
    }
    #expect(bytes == Palette.camvid.pixels(of: map.labels))
    #expect(Array(bytes.suffix(3)) == [0, 0, 0])
  }

  @Test func coloursBecomeLabelsThroughAPalette() throws {
    let map = try Self.map([0, 3, 10, 255, 7, 1])
    let rgb = Palette.camvid.pixels(of: map.labels)
    try PNG.write(Image(width: 3, height: 2, rgb: rgb), to: path)
    #expect(try PNG.readLabels(path).labels(using: .camvid) == map)
    let error = #expect(throws: InputError.self) { try PNG.readLabels(path).labels() }
    #expect(error?.place == path)
    #expect(error?.remedy.description.contains("camvid") == true)
  }

  @Test func anUnknownColourIsNamedWithItsPixel() throws {
    var rgb = [UInt8](repeating: 128, count: 18)
    rgb[15...] = [1, 2, 3]
    try PNG.write(Image(width: 3, height: 2, rgb: rgb), to: path)
    let error = #expect(throws: InputError.self) {
      try PNG.readLabels(path).labels(using: .camvid)
    }
    #expect(error?.problem.contains("pixel (2, 1) has the colour (1, 2, 3)") == true)
  }

  @Test(arguments: [1, 3])
  func photographsSurvive(channels: Int) throws {
    var generator = SeededGenerator(seed: 3)
    let bytes = (0..<35 * channels).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let image = try Image(
      grid: GridShape(width: 7, height: 5), channels: channels, pixels: .bytes(bytes))
    try PNG.write(image, to: path)
    guard case .bytes(let found) = try PNG.read(path).pixels else { return }
    #expect(found == (channels == 3 ? bytes : bytes.flatMap { [$0, $0, $0] }))
  }

  @Test func whatAPNGCannotHoldIsRefused() throws {
    let floats = try Image(
      grid: GridShape(width: 1, height: 1), channels: 3, pixels: .floats([0, 0, 0]))
    #expect(throws: InputError.self) { try PNG.write(floats, to: path) }
    let volume = try LabelMap(grid: GridShape([2, 2, 2]), labels: .init(repeating: 0, count: 8))
    #expect(throws: InputError.self) { try PNG.write(volume, to: path) }
    #expect(try folder.contents() == [])
  }

  @Test(arguments: [1, 3])
  func everyShorterFileIsRefused(channels: Int) throws {
    let image = try Image(
      grid: GridShape(width: 7, height: 5), channels: channels,
      pixels: .bytes((0..<35 * channels).map { UInt8($0 * 7 % 256) }))
    try PNG.write(image, to: path)
    let bytes = try folder.bytes(of: "a.png")
    for length in bytes.indices {
      #expect(throws: InputError.self) {
        try bytes[..<length].withUnsafeBytes { try PNG.decode($0, name: "short.png") }
      }
    }
  }

  /// A change in a checksum, a length, a name or the data itself; only the last 4 bytes, the
  /// checksum of the empty chunk at the end, say nothing about the image.
  @Test func everyDamagedByteIsNoticed() throws {
    let image = try Image(width: 3, height: 3, rgb: (0..<27).map { UInt8($0 * 9) })
    try PNG.write(image, to: path)
    let bytes = try folder.bytes(of: "a.png")
    for index in bytes.indices.dropLast(4) {
      var damaged = bytes
      damaged[index] ^= 0x10
      #expect(throws: InputError.self, "byte \(index)") {
        try damaged.withUnsafeBytes { try PNG.decode($0, name: "damaged.png") }
      }
    }
  }

  @Test func aJPEGIsNoLabelMap() throws {
    try folder.write(JPEGBytes.color, as: "a.png")
    let error = #expect(throws: InputError.self) { try PNG.readLabels(path) }
    #expect(error?.problem == "is a JPEG image, but a PNG image is needed")
  }
}
