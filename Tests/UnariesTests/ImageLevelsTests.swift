import Formats
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Levels of images")
struct ImageLevelsTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private static func values(_ image: Image) -> [Float] {
    (0..<image.grid.count).flatMap { point in (0..<image.channels).map { image[point, $0] } }
  }

  @Test("samples of 16 bits keep all their levels", arguments: [0, 2, 4, 6], [false, true])
  func sixteenBits(color: Int, isInterlaced: Bool) throws {
    let png = PNGBytes(
      width: 5, height: 4, bitDepth: 16, color: color, isInterlaced: isInterlaced)
    func sample(_ x: Int, _ y: Int, _ channel: Int) -> Int { 700 + 37 * x + 5 * y + 111 * channel }
    let path = try folder.write(png.file(sample: sample), as: "a.png")
    let image = try ImageFile.read(path)
    #expect(image.channels == 3)
    let isGray = color == 0 || color == 4
    for y in 0..<4 {
      for x in 0..<5 {
        for channel in 0..<3 {
          let expected = Float(sample(x, y, isGray ? 0 : channel)) / 257
          #expect(image[5 * y + x, channel] == expected)
        }
      }
    }
    // 8 bits would leave 3 levels of the first channel's 5 × 4.
    #expect(Set((0..<20).map { image[$0, 0] }).count == 20)
  }

  @Test("a picture of 8 bits that was saved with 16 is the same picture")
  func doubled() throws {
    let bytes = (0..<12).map { UInt8($0 * 23) }
    let png = PNGBytes(width: 2, height: 2, bitDepth: 16, color: 2)
      .file { x, y, channel in Int(bytes[6 * y + 3 * x + channel]) * 257 }
    let image = try ImageFile.read(folder.write(png, as: "a.png"))
    guard case .bytes(let found) = image.pixels else {
      Issue.record("whole levels are kept in 8 bits")
      return
    }
    #expect(found == bytes)
  }

  @Test("rounding 16 bits gives what libpng gives in 8", arguments: [0, 128, 129, 32767, 65535])
  func rounding(sample: Int) throws {
    let png = PNGBytes(width: 2, height: 1, bitDepth: 16, color: 0).file { x, _, _ in
      x == 0 ? sample : 1
    }
    let image = try ImageFile.read(folder.write(png, as: "a.png")).inBytes
    #expect(image[0, 0] == (Float(sample) * 255 / 65535).rounded())
  }

  @Test("alpha is no colour, whatever it is", arguments: [8, 16])
  func alpha(depth: Int) throws {
    let scale = depth == 16 ? 131 : 1
    func sample(_ x: Int, _ y: Int, _ channel: Int) -> Int { (50 * x + 20 * y + channel) * scale }
    for (opaque, transparent, colors) in [(2, 6, 3), (0, 4, 1)] {
      let plain = PNGBytes(width: 4, height: 3, bitDepth: depth, color: opaque)
        .file(sample: sample)
      let clear = PNGBytes(width: 4, height: 3, bitDepth: depth, color: transparent)
        .file { x, y, channel in channel < colors ? sample(x, y, channel) : 3 * x }
      let images = try [plain, clear].map {
        try ImageFile.read(folder.write($0, as: "a.png"))
      }
      #expect(images[1].channels == 3)
      #expect(Self.values(images[0]) == Self.values(images[1]))
    }
  }

  @Test("a range is spread over 0…255, and clipped")
  func range() throws {
    let grid = GridShape(width: 5, height: 1)
    let scan = try Image(grid: grid, channels: 1, pixels: .floats([-7, 0, 1365, 4095, 5000]))
    #expect(Self.values(scan.scaled(from: 0...4095)) == [0, 0, 85, 255, 255])
    let signed = try Image(grid: grid, channels: 1, pixels: .floats([-1, -0.5, 0, 0.5, 1]))
    #expect(Self.values(signed.scaled(from: -1...1)) == [0, 63.75, 127.5, 191.25, 255])
    let flags = try Image(grid: grid, channels: 1, pixels: .bytes([0, 1, 1, 0, 1]))
    #expect(Self.values(flags.scaled(from: 0...1)) == [0, 255, 255, 0, 255])
    #expect(Self.values(signed.scaled(from: -1...1).inBytes) == [0, 64, 128, 191, 255])
  }
}
