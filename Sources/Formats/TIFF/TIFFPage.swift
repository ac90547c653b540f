import CTIFF
import LatticeSupport
import Unaries

/// What one page of a TIFF file holds, checked before any pixel is decoded.
struct TIFFPage {
  /// Where its directory stands.
  let directory: Int
  let width: Int
  let height: Int
  /// Samples of a pixel.
  let bands: Int
  /// Of a sample: 1, 2, 4, 8, 12, 16, 32 or 64.
  let bits: Int
  /// The numbers that rows hold once samples of fewer than 8 bits, and of 12, are unpacked.
  let number: StoredNumber
  let compression: Int
  let photometric: Photometric
  /// Whether each band has a plane of its own.
  let isSeparate: Bool
  /// Bands that are alpha, by their places.
  let alphaBands: [Int]
  /// Rows and columns of a tile; `nil` where the page is in strips.
  let tile: (width: Int, height: Int)?
  let rowsPerStrip: Int
  /// Of each strip or tile; empty ones (0) are absent.
  private(set) var byteCounts: [Int]
  let orientation: PictureOrientation
  /// 3 × 2^bits entries of 16 bits; empty where there are none. Images show them where they are a
  /// palette's; label maps may have them beside gray values.
  let colorMap: [Int]
  /// What stands for "nothing was measured"; `nil` where nothing does.
  let noData: Double?
  let place: MapPlacement?
  /// The bits of NewSubfileType.
  let kind: Int

  enum Photometric: Int {
    case minIsWhite = 0
    case minIsBlack = 1
    case rgb = 2
    case palette = 3
    case mask = 4
    case yCbCr = 6
  }

  static let reduced = 1
  static let maskKind = 4
  /// Whether it is a picture of its own: neither a smaller one of another page nor a mask.
  var isFull: Bool { kind & (Self.reduced | Self.maskKind) == 0 }

  static let jpeg = 7
  /// Adobe's deflate and the one before it.
  static let deflated = [8, 32946]
  /// Of one strip or tile, decoded.
  private static let largestBlock = 1 << 30

  init(_ file: TIFFBytes, _ tags: TIFFDirectory) throws {
    directory = tags.offset
    kind = try tags.integer(.newSubfileType, default: 0)
    width = try tags.integer(.imageWidth, default: 0)
    height = try tags.integer(.imageLength, default: 0)
    bands = try tags.integer(.samplesPerPixel, default: 1)
    guard width >= 1, height >= 1, bands >= 1, width < 1 << 31, height < 1 << 31, bands < 1 << 16
    else { throw TIFFBytes.damaged("it has \(width)×\(height) pixels of \(bands) bands") }
    (bits, number) = try Self.samples(tags, bands)
    compression = try tags.integer(.compression, default: 1)
    photometric = try Self.photometric(tags, compression)
    isSeparate = try tags.integer(.planarConfiguration, default: 1) == 2 && bands > 1
    alphaBands = try Self.alphaBands(tags, photometric, bands)
    let tileWidth = try tags.integer(.tileWidth, default: 0)
    let tileHeight = try tags.integer(.tileLength, default: 0)
    let isTiled = tags[TIFFTag.tileWidth.rawValue] != nil
    guard !isTiled || (1..<1 << 31).contains(tileWidth) && (1..<1 << 31).contains(tileHeight) else {
      throw TIFFBytes.damaged("its tiles have \(tileWidth)×\(tileHeight) pixels")
    }
    tile = isTiled ? (tileWidth, tileHeight) : nil
    let rows = try tags.integer(.rowsPerStrip, default: height)
    guard rows >= 1 else { throw TIFFBytes.damaged("its strips have \(rows) rows") }
    rowsPerStrip = min(rows, height)
    orientation =
      PictureOrientation(rawValue: try tags.integer(.orientation, default: 1)) ?? .upright
    noData = try Self.noData(tags, file.name)
    place = try MapPlacement(tags, width: width, height: height)
    colorMap = try Self.colorMap(tags, photometric, bits)
    byteCounts = []
    let blocks = blocks
    let blockBytes = blocks.pixels.multipliedReportingOverflow(
      by: (isSeparate ? 1 : bands) * max(1, bits / 8))
    guard !blockBytes.overflow, blockBytes.partialValue <= Self.largestBlock || tile == nil else {
      throw TIFFBytes.damaged("one of its tiles takes \(blockBytes.partialValue) bytes")
    }
    let row = width.multipliedReportingOverflow(by: bands * number.size)
    guard !row.overflow, row.partialValue <= Self.largestBlock else {
      throw TIFFBytes.damaged("nothing in the file backs rows of \(width) pixels")
    }
    self.byteCounts = try Self.byteCounts(file, tags, self, blocks.count)
    try checkCompression(tags)
  }

  /// Strips or tiles, and the pixels of one.
  private var blocks: (count: Int, pixels: Int) {
    let planes = isSeparate ? bands : 1
    guard let tile else {
      return ((height - 1) / rowsPerStrip * planes + planes, rowsPerStrip * width)
    }
    return (tilesAcross * ((height - 1) / tile.height + 1) * planes, tile.width * tile.height)
  }

  /// Tiles beside each other.
  var tilesAcross: Int { tile.map { (width - 1) / $0.width + 1 } ?? 1 }

  /// The strip or tile of a plane that holds a row and a column.
  func block(row: Int, column: Int, plane: Int) -> Int {
    guard let tile else {
      return plane * ((height - 1) / rowsPerStrip + 1) + row / rowsPerStrip
    }
    let down = (height - 1) / tile.height + 1
    return (plane * down + row / tile.height) * tilesAcross + column / tile.width
  }

  var grid: GridShape { GridShape(width: width, height: height) }
  /// Bytes of a sample in unpacked rows.
  var sampleSize: Int { number.size }

  // MARK: Checks

  private static func samples(
    _ tags: TIFFDirectory, _ bands: Int
  ) throws -> (Int, StoredNumber) {
    let bits = try tags.integers(.bitsPerSample, limit: 1 << 16) ?? [1]
    let formats = try tags.integers(.sampleFormat, limit: 1 << 16) ?? [1]
    guard let first = bits.first, let format = formats.first,
      bits.allSatisfy({ $0 == first }), formats.allSatisfy({ $0 == format })
    else {
      throw InputError(
        .data, "is a TIFF image whose bands hold different kinds of numbers, which cannot be read",
        remedy: "save all bands in one kind, as with gdal_translate -ot Float32")
    }
    switch (format, first) {
    case (1, 1), (1, 2), (1, 4), (1, 8): return (first, .uint8)
    case (1, 12), (1, 16): return (first, .uint16)
    case (1, 32): return (first, .uint32)
    case (2, 8): return (first, .int8)
    case (2, 16): return (first, .int16)
    case (2, 32): return (first, .int32)
    case (3, 16): return (first, .float16)
    case (3, 32): return (first, .float32)
    case (3, 64): return (first, .float64)
    default:
      let kinds = [1: "unsigned", 2: "signed", 3: "floating-point", 5: "complex", 6: "complex"]
      throw InputError(
        .data,
        "is a TIFF image of \(kinds[format] ?? "unknown") numbers of \(first) bits, which cannot be "
          + "read", remedy: "convert it, as with gdal_translate -ot Float32")
    }
  }

  private static func photometric(
    _ tags: TIFFDirectory, _ compression: Int
  ) throws -> Photometric {
    let value = try tags.integer(.photometric, default: 1)
    if let known = Photometric(rawValue: value), known != .yCbCr || compression == jpeg {
      return known
    }
    let names = [5: "CMYK", 6: "YCbCr without JPEG", 8: "CIE L*a*b*", 9: "ICC L*a*b*"]
    throw InputError(
      .data,
      "is a TIFF image in \(names[value] ?? "the unknown colours \(value)"), which cannot be "
        + "read", remedy: "convert it to RGB")
  }

  private static func alphaBands(
    _ tags: TIFFDirectory, _ photometric: Photometric, _ bands: Int
  ) throws -> [Int] {
    let extra = try tags.integers(.extraSamples, limit: 1 << 16) ?? []
    guard extra.count < bands else { return [] }
    return extra.indices.filter { [1, 2].contains(extra[$0]) }.map { bands - extra.count + $0 }
  }

  private static func colorMap(
    _ tags: TIFFDirectory, _ photometric: Photometric, _ bits: Int
  ) throws -> [Int] {
    let map = try tags.integers(.colorMap, limit: 3 << 16) ?? []
    guard bits <= 16, map.count == 3 << bits else {
      // Of label maps that are tagged as gray, colours are a help to who looks at them.
      guard photometric == .palette else { return [] }
      throw TIFFBytes.damaged("its colours are those of a palette of \(map.count / 3) entries")
    }
    return map
  }

  private static func noData(_ tags: TIFFDirectory, _ name: String) throws -> Double? {
    guard let text = try tags.text(.noData)?.filter({ !$0.isWhitespace }), !text.isEmpty else {
      return nil
    }
    if let value = Double(text) { return value }
    InputWarning(
      at: name,
      "says that its nodata value is \(quoted(text)), which is not a number and is ignored",
      remedy: "set it anew, as with gdal_edit.py -a_nodata"
    ).report()
    return nil
  }

  private static func byteCounts(
    _ file: TIFFBytes, _ tags: TIFFDirectory, _ page: TIFFPage, _ count: Int
  ) throws -> [Int] {
    // An entry has at least one byte in the file, whatever it claims.
    guard count <= file.size else {
      throw TIFFBytes.damaged("nothing in the file backs \(page.width)×\(page.height) pixels")
    }
    let isTiled = page.tile != nil
    let (offsetTag, countTag): (TIFFTag, TIFFTag) =
      isTiled ? (.tileOffsets, .tileByteCounts) : (.stripOffsets, .stripByteCounts)
    let limit = count + 1
    guard let offsets = try tags.integers(offsetTag, limit: limit) else {
      throw TIFFBytes.damaged("it has neither strips nor tiles")
    }
    let counts = try tags.integers(countTag, limit: limit) ?? page.uncompressedCounts(count)
    guard offsets.count >= count, counts.count >= count else {
      throw TIFFBytes.damaged(
        "it lists \(min(offsets.count, counts.count)) strips or tiles of \(count)")
    }
    var sum = 0
    for (offset, length) in zip(offsets, counts).prefix(count) where length != 0 || offset != 0 {
      guard offset >= 8, length >= 0, offset <= file.size, length <= file.size - offset else {
        throw TIFFBytes.damaged("a strip or tile lies outside of the file")
      }
      sum += length
    }
    guard sum > 0 else { throw TIFFBytes.damaged("it has no pixels at all") }
    // What is compressed may be small; what is not is as long as its pixels.
    let expected = page.uncompressedCounts(count)
    if let lack = zip(counts, expected).first(where: { $0 != 0 && $0 < $1 }) {
      throw TIFFBytes.damaged("a strip has \(lack.0) bytes of \(lack.1)")
    }
    let least = page.fewestCompressedBytes
    if let lack = counts.prefix(count).first(where: { $0 != 0 && $0 < least }) {
      throw TIFFBytes.damaged("\(lack) bytes cannot stand for a row of \(page.width) pixels")
    }
    return Array(counts.prefix(count))
  }

  /// Old writers leave the sizes of strips out that are not compressed.
  private func uncompressedCounts(_ count: Int) -> [Int] {
    guard compression == 1, tile == nil else { return [] }
    let perRow = ((isSeparate ? 1 : bands) * bits * width + 7) / 8
    let strips = (height - 1) / rowsPerStrip + 1
    return (0..<count).map { block in
      perRow * min(rowsPerStrip, height - block % strips * rowsPerStrip)
    }
  }

  /// No row of a strip, and no tile, can have been compressed to fewer bytes; 0 where the method
  /// sets no such limit.
  private var fewestCompressedBytes: Int {
    // A byte of LZW is two thirds of a string of 4094 at most, one of deflate 4 matches of 258.
    let most = [5: 4096, 8: 1032, 32946: 1032, 32773: 64]
    guard let most = most[compression] else { return 0 }
    let pixels = tile.map { $0.width * $0.height } ?? width
    return pixels * (isSeparate ? 1 : bands) * bits / 8 / most
  }

  private func checkCompression(_ tags: TIFFDirectory) throws {
    guard tiff_is_available() else {
      throw InputError(
        .data, "is a TIFF image, and libtiff, which decodes them, is not installed",
        remedy: "install it (Debian, Ubuntu: apt-get install libtiff6 or libtiff5), or convert the "
          + "image to PNG or NPY")
    }
    // 6 is the JPEG of TIFF 6.0, which was given up as nobody could implement it.
    guard compression != 6, let code = UInt16(exactly: compression), tiff_decodes(code) else {
      throw InputError(
        .data,
        "is a TIFF image compressed with \(Self.name(of: compression)), which cannot be decoded",
        remedy: "convert it, as with gdal_translate -co COMPRESS=DEFLATE")
    }
    let predictor = try tags.integer(.predictor, default: 1)
    let isFloat = [.float16, .float32, .float64].contains(number)
    guard
      [5, 8, 32946, 50000, 34925].contains(compression) == false
        || predictor == 1 || predictor == 2 || predictor == 3 && isFloat
    else { throw TIFFBytes.damaged("its predictor is \(predictor)") }
  }

  private static func name(of compression: Int) -> String {
    let names = [
      6: "the old JPEG (6)", 34712: "JPEG 2000", 34887: "LERC", 34925: "LZMA", 50000: "Zstandard",
      50001: "WebP", 50002: "JPEG XL",
    ]
    return names[compression] ?? "an unknown method (\(compression))"
  }
}

/// The pages of a TIFF file.
struct TIFFPages {
  /// Pictures of their own, in order; where only the first is asked for, that.
  let full: [TIFFPage]
  /// The mask of the first full page; `nil` where there is none.
  let mask: TIFFPage?
  /// Whether there are more full pages than were asked for.
  let hasMore: Bool

  /// More pages than any program writes.
  private static let most = 1 << 16

  /// - Parameter page: which full page is asked for, from 0; `nil` for all.
  init(_ file: TIFFBytes, only page: Int? = nil) throws {
    var full: [TIFFPage] = []
    var mask: TIFFPage?
    var visited: Set<Int> = []
    var (offset, seen, hasMore) = (file.first, 0, false)
    while offset != 0, visited.insert(offset).inserted, visited.count <= Self.most {
      let tags: TIFFDirectory
      do {
        tags = try TIFFDirectory(file, at: offset)
      } catch {
        // What stands behind the page that is asked for does not matter.
        guard page != nil, !full.isEmpty else { throw error }
        break
      }
      offset = tags.next
      let kind = try tags.integer(.newSubfileType, default: 0)
      if kind & TIFFPage.maskKind != 0, kind & TIFFPage.reduced == 0 {
        if mask == nil, !full.isEmpty || page == nil { mask = try TIFFPage(file, tags) }
        continue
      }
      guard kind & TIFFPage.reduced == 0 else { continue }
      defer { seen += 1 }
      if let page, seen != page {
        if seen > page {
          hasMore = true
          break
        }
        continue
      }
      full.append(try TIFFPage(file, tags))
    }
    guard !full.isEmpty else {
      throw page.map { $0 > 0 } == true
        ? InputError(
          .data, "has \(seen) pages, but page \(page! + 1) is asked for",
          remedy: "pages count from 1") : TIFFBytes.damaged("it has no page with an image")
    }
    if let mask, mask.width != full[0].width || mask.height != full[0].height {
      throw InputError(
        .data,
        "is a TIFF image of \(full[0].grid) pixels with a mask of \(mask.grid)",
        remedy: "remove the mask, or save it in the size of the image")
    }
    self.full = full
    self.mask = mask
    self.hasMore = hasMore
  }
}
