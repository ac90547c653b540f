import LatticeSupport
import Unaries

/// Finds the orientation that a camera has noted in a PNG, JPEG or WebP file.
///
/// Nothing is trusted: whatever is cut short or contradicts itself is an orientation that is not
/// noted, which does a picture no harm.
enum EXIF {
  /// The tag of the orientation in the first directory of a TIFF structure (EXIF 2.3, table 4).
  private static let orientationTag = 0x0112

  /// The orientation in the bytes of a file of `kind`; upright where none is noted.
  static func orientation(of kind: FileKind, in file: ScatteredBytes) -> PictureOrientation {
    let block =
      switch kind {
      case .jpeg: blockOfJPEG(file)
      case .png: blockOfPNG(file)
      case .webp: blockOfWebP(file)
      default: nil as Range<Int>?
      }
    return block.flatMap { orientation(ofBlock: $0, in: file) } ?? .upright
  }

  // MARK: Where it stands

  /// Bytes between segments after which the search ends: there are none in a sound file.
  private static let mostStrays = 1 << 16

  /// The first APP1 segment of EXIF, among those that precede the pixels.
  private static func blockOfJPEG(_ file: ScatteredBytes) -> Range<Int>? {
    let (fill, alone, start, end, scan, application1) = (0xFF, 0x01, 0xD8, 0xD9, 0xDA, 0xE1)
    var (position, strays) = (0, 0)
    while let byte = file[position], strays < mostStrays {
      position += 1
      // As libjpeg does, what stands between two segments is passed over.
      guard byte == fill, let marker = file[position], marker != fill, marker != 0 else {
        strays += 1
        continue
      }
      position += 1
      if marker == start || marker == alone || (0xD0...0xD7).contains(marker) { continue }
      guard marker != scan, marker != end, let length = file.number(at: position, bytes: 2),
        length >= 2
      else { return nil }
      let contents = position + 2..<position + length
      if marker == application1, let block = withoutName(contents, in: file, mustHaveName: true) {
        return block
      }
      position = contents.upperBound
    }
    return nil
  }

  /// The chunk of EXIF, wherever it stands.
  private static func blockOfPNG(_ file: ScatteredBytes) -> Range<Int>? {
    let (exif, end) = (0x6558_4966, 0x4945_4E44)
    var position = 8
    while let length = file.number(at: position, bytes: 4),
      let name = file.number(at: position + 4, bytes: 4), name != end
    {
      let contents = position + 8..<position + 8 + length
      if name == exif { return withoutName(contents, in: file, mustHaveName: false) }
      position = contents.upperBound + 4
    }
    return nil
  }

  /// The chunk of EXIF among those of a RIFF file, wherever it stands.
  private static func blockOfWebP(_ file: ScatteredBytes) -> Range<Int>? {
    let exif = 0x4558_4946
    var position = 12
    while let name = file.number(at: position, bytes: 4),
      let length = file.number(at: position + 4, bytes: 4, isLittle: true)
    {
      let contents = position + 8..<position + 8 + length
      if name == exif { return withoutName(contents, in: file, mustHaveName: false) }
      // Chunks begin at even places.
      position = contents.upperBound + length % 2
    }
    return nil
  }

  /// What follows `Exif`, a zero and a byte; JPEG files have it, and PNG files of some programs.
  private static func withoutName(
    _ block: Range<Int>, in file: ScatteredBytes, mustHaveName: Bool
  ) -> Range<Int>? {
    let hasName =
      block.count >= 6 && file.number(at: block.lowerBound, bytes: 4) == 0x4578_6966
      && file[block.lowerBound + 4] == 0
    if hasName { return block.dropFirst(6) }
    return mustHaveName ? nil : block
  }

  // MARK: What it says

  /// The orientation of a TIFF structure; `nil` where it has none.
  private static func orientation(
    ofBlock block: Range<Int>, in file: ScatteredBytes
  ) -> PictureOrientation? {
    func number(at offset: Int, bytes: Int, isLittle: Bool) -> Int? {
      guard offset >= 0, offset <= block.count - bytes else { return nil }
      return file.number(at: block.lowerBound + offset, bytes: bytes, isLittle: isLittle)
    }
    let order = number(at: 0, bytes: 2, isLittle: false)
    guard order == 0x4949 || order == 0x4D4D else { return nil }
    let isLittle = order == 0x4949
    guard number(at: 2, bytes: 2, isLittle: isLittle) == 42,
      let directory = number(at: 4, bytes: 4, isLittle: isLittle),
      let count = number(at: directory, bytes: 2, isLittle: isLittle)
    else { return nil }
    for index in 0..<count {
      let entry = directory + 2 + 12 * index
      guard let tag = number(at: entry, bytes: 2, isLittle: isLittle) else { return nil }
      guard tag == orientationTag else { continue }
      // Two bytes by the standard; some programs write one or four.
      guard let type = number(at: entry + 2, bytes: 2, isLittle: isLittle),
        let size = [1: 1, 3: 2, 4: 4][type],
        number(at: entry + 4, bytes: 4, isLittle: isLittle) == 1,
        let value = number(at: entry + 8, bytes: size, isLittle: isLittle)
      else { return nil }
      return PictureOrientation(rawValue: value)
    }
    return nil
  }
}

/// The bytes of a file, looked at here and there.
final class ScatteredBytes {
  private let fetch: (_ offset: Int, _ count: Int) -> [UInt8]
  private var window: [UInt8] = []
  private var start = 0

  /// As many bytes are fetched at a time: the segments before a picture's pixels are small.
  private static let windowSize = 4096

  /// - Parameter fetch: gives the bytes from `offset` on, fewer than `count` only at the end.
  init(_ fetch: @escaping (_ offset: Int, _ count: Int) -> [UInt8]) { self.fetch = fetch }

  /// Bytes in memory.
  convenience init(_ bytes: UnsafeRawBufferPointer) {
    self.init { offset, count in
      offset < bytes.count ? Array(bytes[offset..<min(bytes.count, offset + count)]) : []
    }
  }

  /// Byte `offset`; `nil` beyond the end.
  subscript(offset: Int) -> Int? {
    if !(start..<start + window.count).contains(offset) {
      guard offset >= 0 else { return nil }
      (start, window) = (offset, fetch(offset, Self.windowSize))
    }
    return offset - start < window.count ? Int(window[offset - start]) : nil
  }

  /// The number of `bytes` bytes at `offset`; `nil` where it goes beyond the end.
  func number(at offset: Int, bytes: Int, isLittle: Bool = false) -> Int? {
    var value = 0
    for index in 0..<bytes {
      guard let byte = self[offset + index] else { return nil }
      value |= byte << (8 * (isLittle ? index : bytes - 1 - index))
    }
    return value
  }
}
