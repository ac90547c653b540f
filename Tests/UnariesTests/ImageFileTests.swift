import Formats
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite struct ImageFileTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// The colours of the left and the right half; JPEG at quality 50 keeps flat colours to about 6.
  @Test(arguments: [
    (JPEGBytes.color, [200, 40, 40], [60, 60, 220]),
    (JPEGBytes.progressive, [200, 40, 40], [60, 60, 220]),
    (JPEGBytes.gray, [180, 180, 180], [60, 60, 60]),
  ])
  func aJPEGIsReadWhateverItsName(bytes: [UInt8], left: [Float], right: [Float]) throws {
    let path = try folder.write(bytes, as: "a.png")
    let image = try ImageFile.read(path)
    #expect(image.grid == GridShape(width: 16, height: 8))
    #expect(image.channels == 3)
    for channel in 0..<3 {
      #expect(abs(image[0, channel] - left[channel]) <= 6)
      #expect(abs(image[15, channel] - right[channel]) <= 6)
    }
  }

  @Test(arguments: [JPEGBytes.color, JPEGBytes.progressive, JPEGBytes.gray])
  func everyShorterJPEGIsRefused(bytes: [UInt8]) {
    for length in bytes.indices {
      #expect(throws: InputError.self, "\(length) bytes") {
        try bytes[..<length].withUnsafeBytes { try JPEG.decode($0, name: "short.jpg") }
      }
    }
  }

  /// Inks of 75 on the left and 195 on the right, all four: 180²/255 and 60²/255 by Pillow too.
  @Test func inksBecomeColours() throws {
    let image = try ImageFile.read(folder.write(JPEGBytes.cmyk, as: "a.jpg"))
    for channel in 0..<3 {
      #expect(image[0, channel] == 127)
      #expect(image[15, channel] == 14)
    }
  }

  /// The height in a JPEG header stands after the marker FFC0, its length and the precision.
  @Test func aJPEGThatClaimsAGiantIsRefused() throws {
    var bytes = JPEGBytes.gray
    let frame = try #require(bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
    bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
    let error = #expect(throws: InputError.self) {
      try bytes.withUnsafeBytes { try JPEG.decode($0, name: "giant.jpg") }
    }
    #expect(error?.problem.contains("cannot hold") == true)
  }

  @Test(arguments: [
    ("GIF89a", "a GIF image"), ("P6\n1 1\n", "a Netpbm image"), ("0.1 0.2", "text"),
    ("", "an empty file"),
    ("PK\u{03}\u{04}", "ZIP"), ("{}", "JSON"), ("\u{01}\u{02}", "unknown"),
  ])
  func otherFilesAreNamedForWhatTheyAre(contents: String, words: String) throws {
    let path = try folder.write(Array(contents.utf8), as: "a.png")
    let error = #expect(throws: InputError.self) { try ImageFile.read(path) }
    #expect(error?.problem.contains(words) == true, "\(String(describing: error))")
    #expect(error?.remedy == "PNG, JPEG and WebP are supported; convert it to PNG")
  }

  @Test func missingFilesAndFoldersAreNamed() {
    for path in [folder.path, folder.file("none.png")] {
      let error = #expect(throws: InputError.self) { try ImageFile.read(path) }
      #expect(error?.kind == .noInput)
      #expect(error?.place == path)
    }
  }
}
