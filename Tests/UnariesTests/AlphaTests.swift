import CWebP
import Formats
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Pictures with transparency, whose transparent pixels are left out where that is asked for.
@Suite struct AlphaTests {
  private let folder: TemporaryFolder
  /// 3 × 2; alpha of every pixel, of which the second and the last are transparent.
  private static let alpha = [255, 0, 1, 128, 255, 0]
  private static let counted = alpha.map { $0 != 0 }

  init() throws {
    folder = try TemporaryFolder()
    try NPY.write(
      NumericArray(shape: [2, 2, 3], values: (0..<12).map { Float($0) }), to: folder.file("s.npy"))
  }

  private func masks(_ image: String, alpha: RasterReading.AlphaRule?) throws -> [[Bool]?] {
    var reading = ScoreReading()
    reading.picture.raster.alpha = alpha
    let files = ScoreFiles(scores: folder.file("s.npy"), image: image)
    let whole = try reading.load(files)
    let opened = try reading.open(files)
    let scene = try opened.scene(GridRegion(allOf: whole.scene.grid))
    #expect(opened.summary.mayLeaveOut == (whole.scene.mask != nil))
    return [whole.scene.mask?.isCounted, scene.mask?.isCounted]
  }

  @Test(arguments: [(6, 8, false), (6, 16, false), (4, 8, true), (4, 16, false)])
  func aChannelOfPNG(color: Int, bitDepth: Int, isInterlaced: Bool) throws {
    let png = PNGBytes(
      width: 3, height: 2, bitDepth: bitDepth, color: color, isInterlaced: isInterlaced)
    let last = color == 6 ? 3 : 1
    let bytes = png.file { x, y, channel in
      let alpha = Self.alpha[3 * y + x] << (bitDepth - 8)
      return channel == last ? alpha : 40 * x + y
    }
    let image = try folder.write(bytes, as: "a.png")
    #expect(try masks(image, alpha: .mask) == [Self.counted, Self.counted])
    for rule in [nil, .ignore] as [RasterReading.AlphaRule?] {
      #expect(try masks(image, alpha: rule) == [nil, nil])
    }
    #expect(throws: InputError.self) { try masks(image, alpha: .band) }
  }

  /// tRNS: of palettes an alpha for each index, of gray images the level that is transparent.
  @Test(arguments: [3, 0])
  func withoutAChannel(color: Int) throws {
    var png = PNGBytes(width: 3, height: 2, bitDepth: 8, color: color)
    png.transparency = color == 3 ? [255, 0, 7] : [0, 1]
    let bytes = png.file { x, y, _ in Self.alpha[3 * y + x] == 0 ? 1 : 2 }
    let image = try folder.write(bytes, as: "a.png")
    #expect(try masks(image, alpha: .mask) == [Self.counted, Self.counted])
    #expect(try masks(image, alpha: nil) == [nil, nil])
  }

  @Test func anOpaquePictureCountsWhole() throws {
    let image = folder.file("a.png")
    try PNG.write(
      Image(width: 3, height: 2, rgb: [UInt8](repeating: 9, count: 18)), to: image)
    #expect(try masks(image, alpha: .mask) == [nil, nil])
  }
}

@Suite(.enabled(if: webp_is_available(), "libwebp is not installed"))
struct WebPTests {
  /// 2 × 2, lossless, with alpha; written by Pillow.
  static let lossless: [UInt8] = [
    82, 73, 70, 70, 64, 0, 0, 0, 87, 69, 66, 80, 86, 80, 56, 76, 51, 0, 0, 0, 47, 1, 64, 0, 16, 31,
    32, 16, 32, 42, 124, 249, 111, 240, 96, 67, 72, 64, 200, 230, 27, 100, 27, 153, 180, 109, 234,
    172, 129, 118, 19, 144, 16, 89, 206, 115, 49, 132, 215, 165, 28, 74, 2, 4, 64, 81, 70, 34, 250,
    31, 12, 0,
  ]

  @Test func coloursAreTheFiles() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Self.lossless, as: "a.webp")
    let expected: [UInt8] = [10, 20, 30, 200, 100, 50, 0, 255, 7, 90, 80, 70]
    func pixels(_ image: Image?) -> [UInt8]? {
      guard case .bytes(let bytes) = image?.pixels else { return nil }
      return bytes
    }
    #expect(try pixels(WebP.read(path)) == expected)
    #expect(try pixels(ImageFile.read(path)) == expected)
    try NPY.write(
      NumericArray(shape: [2, 2, 2], values: (0..<8).map { Float($0) }), to: folder.file("s.npy"))
    var reading = ScoreReading()
    reading.picture.raster.alpha = .mask
    let files = ScoreFiles(scores: folder.file("s.npy"), image: path)
    #expect(try reading.load(files).scene.mask?.isCounted == [true, false, true, true])
    let opened = try reading.open(files)
    let scene = try opened.scene(GridRegion(allOf: opened.grid))
    #expect(scene.mask?.isCounted == [true, false, true, true])
    #expect(pixels(scene.image) == expected)
  }

  @Test func everyShorterFileIsRefused() {
    for length in Self.lossless.indices {
      #expect(throws: InputError.self, "\(length) bytes") {
        try Self.lossless[..<length].withUnsafeBytes { try WebP.decode($0, name: "short.webp") }
      }
    }
  }

  /// Extended form, with the flag of an animation.
  @Test func anAnimationIsRefused() {
    var bytes = Self.lossless
    bytes.replaceSubrange(
      12..<12, with: Array("VP8X".utf8) + [10, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 1, 0, 0])
    bytes[4] += 18
    let error = #expect(throws: InputError.self) {
      try bytes.withUnsafeBytes { try WebP.decode($0, name: "a.webp") }
    }
    #expect(error?.problem.contains("animated") == true)
  }

  @Test(.enabled(if: Shared.isPresent, Shared.absence), arguments: ["lossless", "lossy", "alpha"])
  func fixtures(name: String) throws {
    let folder = Shared.root + "/fixtures/formats"
    let image = try WebP.read("\(folder)/other/\(name).webp")
    let expected = try NPY.read(
      "\(folder)/expected/\(name == "lossy" ? "lossy" : "rgb8").npy"
    ).values
    // Decoders differ by how they interpolate colours of half the resolution; the index allows 3.
    let tolerance: Float = name == "lossy" ? 3 : 0
    let points = image.grid.count
    #expect(
      (0..<3 * points).allSatisfy {
        abs(image[$0 % points, $0 / points] - expected[$0]) <= tolerance
      })
  }
}
