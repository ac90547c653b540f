import CTIFF
import LatticeSupport
import Unaries

/// The rows of a page of a TIFF file, decoded once, from top to bottom.
///
/// A row holds the samples of its pixels, bands next to each other, in the machine's byte order.
/// Tiles come a row of tiles at a time. Strips that were compressed are decoded line by line: built
/// with libdeflate, libtiff leaves lines unwritten where a whole strip is asked for and the stream
/// holds more than that.
final class TIFFRows {
  let page: TIFFPage
  private let path: String
  /// One for each plane, for going back within a strip decodes it anew.
  private let handles: [Handle]
  private var nextRow = 0

  /// Planes that are decoded at the same time.
  private static let mostHandles = 512
  /// Of the decoded rows of tiles that are kept.
  private static let largestBand = 1 << 32

  private final class Handle {
    let page: OpaquePointer

    init(_ path: String, _ directory: Int, convertsColors: Bool) throws {
      var message = tiff_message()
      let opened = path.withSystemPath {
        tiff_page_open($0, UInt64(directory), convertsColors, &message)
      }
      guard let opened else { throw TIFFRows.undecodable(message, path) }
      page = opened
    }

    deinit { tiff_page_close(page) }
  }

  /// - Throws: `InputError` where the file cannot be opened as it was found.
  init(_ path: String, _ page: TIFFPage) throws {
    self.path = path
    self.page = page
    let count = page.isSeparate && page.tile == nil ? page.bands : 1
    guard count <= Self.mostHandles else {
      throw InputError(
        .data, at: path, "is a TIFF image of \(page.bands) planes in strips, more than are read",
        remedy: "save it in tiles or with interleaved bands, as with gdal_translate -co TILED=YES")
    }
    handles = try (0..<count).map { _ in
      try Handle(path, page.directory, convertsColors: page.photometric == .yCbCr)
    }
    if let tile = page.tile {
      let bytes = page.width.multipliedReportingOverflow(
        by: tile.height * page.bands * page.sampleSize)
      guard !bytes.overflow, bytes.partialValue <= Self.largestBand else {
        throw InputError(
          .data, at: path,
          "is a TIFF image whose tiles of \(tile.width)×\(tile.height) pixels take too much memory",
          remedy: "save it with smaller tiles, as with gdal_translate -co TILED=YES")
      }
    }
    guard tile(of: handles[0]) == expectedTile, row(of: handles[0]) == expectedRow else {
      throw TIFFBytes.damaged("libtiff finds other rows in it than its tags say").at(path)
    }
  }

  private static func undecodable(_ message: tiff_message, _ path: String) -> InputError {
    let text = withUnsafeBytes(of: message.text) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    return InputError(
      .data, at: path, "is a damaged or unusual TIFF image (\(text))",
      remedy: "save it again, as with gdal_translate")
  }

  // What libtiff will write must be what there is room for.
  private func tile(of handle: Handle) -> Int {
    page.tile == nil ? 0 : tiff_tile_size(handle.page)
  }
  private func row(of handle: Handle) -> Int {
    page.tile == nil ? tiff_row_size(handle.page) : 0
  }
  private var bandsAtOnce: Int { page.isSeparate ? 1 : page.bands }
  private func packedRow(_ width: Int) -> Int { (width * bandsAtOnce * page.bits + 7) / 8 }
  private var expectedTile: Int { page.tile.map { packedRow($0.width) * $0.height } ?? 0 }
  private var expectedRow: Int { page.tile == nil ? packedRow(page.width) : 0 }

  /// Bytes of a row.
  var rowSize: Int { page.width * page.bands * page.sampleSize }

  /// Decodes `count` rows more, or a few more than that where they come in tiles.
  ///
  /// - Throws: `InputError` where the file is damaged.
  func next(_ count: Int) throws -> [UInt8] {
    let last = min(page.height, nextRow + count)
    precondition(nextRow < last, "rows behind the last")
    let end = page.tile.map { min(page.height, ((last - 1) / $0.height + 1) * $0.height) } ?? last
    let rows = nextRow..<end
    let size = rows.count.multipliedReportingOverflow(by: rowSize)
    // The samples, and what becomes of them.
    guard !size.overflow, size.partialValue <= memoryLimit() / 2 else {
      throw InputError(
        .data, at: path, "has \(page.grid) pixels, more than there is memory for",
        remedy: "refine it in tiles, as with \(set: .tiles(2048))")
    }
    var output = [UInt8](repeating: 0, count: rows.count * rowSize)
    try output.withUnsafeMutableBytes { bytes in
      if page.tile == nil {
        try decodeStrips(rows, into: bytes.baseAddress!)
      } else {
        try decodeTiles(rows, into: bytes.baseAddress!)
      }
    }
    nextRow = end
    return output
  }

  private func decodeStrips(_ rows: Range<Int>, into output: UnsafeMutableRawPointer) throws {
    let buffer = AlignedBuffer<UInt8>(uninitialized: expectedRow)
    let packed = UnsafeMutableRawPointer(buffer.base)
    for (place, row) in rows.enumerated() {
      for plane in 0..<(page.isSeparate ? page.bands : 1) {
        let target = output + place * rowSize
        if isAbsent(row, 0, plane) {
          fill(target, page.width, plane)
          continue
        }
        buffer.clear(0..<expectedRow)
        try decodeRow(row, plane, into: packed)
        // A row of 0 is not read twice for nothing: see `isStripOfOneRow`.
        if isStripOfOneRow(row), buffer.base[expectedRow - 1] == 0 {
          let again = AlignedBuffer<UInt8>(uninitialized: expectedRow)
          again.base.update(repeating: .max, count: expectedRow)
          try decodeRow(row, plane, into: UnsafeMutableRawPointer(again.base))
          guard again.base[expectedRow - 1] == 0 else {
            throw InputError(
              .data, at: path, "has a strip of another size than its header says, at row \(row)",
              remedy: "make it anew, as with gdal_translate")
          }
        }
        unpack(packed, page.width, plane, into: target)
      }
    }
  }

  private func decodeRow(
    _ row: Int, _ plane: Int, into output: UnsafeMutableRawPointer
  ) throws {
    var message = tiff_message()
    guard
      tiff_read_row(
        handles[page.isSeparate ? plane : 0].page, UInt32(row), UInt16(plane), output, &message)
    else { throw Self.undecodable(message, path) }
  }

  /// Whether a row is a strip of its own that was deflated. libtiff then asks libdeflate for the
  /// whole strip, says that all went well where the stream holds more, and leaves the end
  /// unwritten.
  private func isStripOfOneRow(_ row: Int) -> Bool {
    let first = row / page.rowsPerStrip * page.rowsPerStrip
    return TIFFPage.deflated.contains(page.compression)
      && min(page.rowsPerStrip, page.height - first) == 1
  }

  private func decodeTiles(_ rows: Range<Int>, into output: UnsafeMutableRawPointer) throws {
    guard let tile = page.tile else { return }
    let packed = UnsafeMutableRawPointer.allocate(byteCount: expectedTile, alignment: 64)
    defer { packed.deallocate() }
    for top in stride(from: rows.lowerBound, to: rows.upperBound, by: tile.height) {
      for plane in 0..<(page.isSeparate ? page.bands : 1) {
        for left in stride(from: 0, to: page.width, by: tile.width) {
          let absent = isAbsent(top, left, plane)
          if !absent {
            let index = page.block(row: top, column: left, plane: plane)
            var message = tiff_message()
            guard tiff_read_tile(handles[0].page, UInt32(index), packed, &message) else {
              throw Self.undecodable(message, path)
            }
          }
          let width = min(tile.width, page.width - left)
          for row in top..<min(top + tile.height, rows.upperBound) {
            let target =
              output + (row - rows.lowerBound) * rowSize + left * page.bands * page.sampleSize
            if absent {
              fill(target, width, plane)
            } else {
              unpack(packed + (row - top) * packedRow(tile.width), width, plane, into: target)
            }
          }
        }
      }
    }
  }

  /// Whether the strip or tile is not there, as GDAL's sparse files leave them out.
  private func isAbsent(_ row: Int, _ column: Int, _ plane: Int) -> Bool {
    page.byteCounts[page.block(row: row, column: column, plane: plane)] == 0
  }

  /// Puts the samples of `width` pixels of a line in their places in a row.
  private func unpack(
    _ line: UnsafeMutableRawPointer, _ width: Int, _ plane: Int,
    into target: UnsafeMutableRawPointer
  ) {
    let size = page.sampleSize
    guard page.bits >= 8, page.bits != 12 else { return unpackBits(line, width, plane, target) }
    guard page.isSeparate else {
      target.copyMemory(from: line, byteCount: width * page.bands * size)
      return
    }
    for pixel in 0..<width {
      (target + (pixel * page.bands + plane) * size).copyMemory(
        from: line + pixel * size, byteCount: size)
    }
  }

  /// Samples of 1, 2, 4 and 12 bits, the highest bits of a byte first.
  private func unpackBits(
    _ line: UnsafeMutableRawPointer, _ width: Int, _ plane: Int, _ target: UnsafeMutableRawPointer
  ) {
    let bytes = line.assumingMemoryBound(to: UInt8.self)
    for sample in 0..<width * bandsAtOnce {
      let bit = sample * page.bits
      let place =
        page.isSeparate ? (sample * page.bands + plane) : sample
      if page.bits == 12 {
        let (first, second) = (UInt16(bytes[bit / 8]), UInt16(bytes[bit / 8 + 1]))
        let value =
          bit % 8 == 0 ? first << 4 | second >> 4 : (first & 0xF) << 8 | second
        target.storeBytes(of: value, toByteOffset: 2 * place, as: UInt16.self)
      } else {
        let mask = UInt8(1 << page.bits - 1)
        let value = bytes[bit / 8] >> UInt8(8 - page.bits - bit % 8) & mask
        target.storeBytes(of: value, toByteOffset: place, as: UInt8.self)
      }
    }
  }

  /// What stands where a strip or tile is absent: nodata, or 0.
  private func fill(_ target: UnsafeMutableRawPointer, _ width: Int, _ plane: Int) {
    let sample = page.fillSample
    let planes = page.isSeparate ? plane..<plane + 1 : 0..<page.bands
    for pixel in 0..<width {
      for band in planes {
        (target + (pixel * page.bands + band) * sample.count).copyMemory(
          from: sample, byteCount: sample.count)
      }
    }
  }
}

extension TIFFPage {
  /// The bytes of the sample that stands where nothing is stored.
  fileprivate var fillSample: [UInt8] {
    let value = storedNoData ?? 0
    func bytes<Value>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
    return switch number {
    case .uint8, .bool: bytes(UInt8(value))
    case .int8: bytes(Int8(value))
    case .uint16: bytes(UInt16(value))
    case .int16: bytes(Int16(value))
    case .uint32: bytes(UInt32(value))
    case .int32: bytes(Int32(value))
    case .float32: bytes(Float(value))
    case .float64: bytes(value)
    default: [UInt8](repeating: 0, count: sampleSize)
    }
  }

  /// The nodata value as samples have it; `nil` where none can be it.
  var storedNoData: Double? {
    guard let noData else { return nil }
    func whole<Value: FixedWidthInteger>(_: Value.Type) -> Double? {
      Value(exactly: noData).map { Double($0) }
    }
    return switch number {
    case .uint8, .bool: whole(UInt8.self)
    case .int8: whole(Int8.self)
    case .uint16: whole(UInt16.self)
    case .int16: whole(Int16.self)
    case .uint32: whole(UInt32.self)
    case .int32: whole(Int32.self)
    // A number that rounds to the largest float is that, as ArcGIS writes it.
    case .float32: Float(noData).isInfinite && noData.isFinite ? nil : Double(Float(noData))
    default: noData
    }
  }
}
