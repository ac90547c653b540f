import CZlib
import LatticeSupport
import Unaries

/// A raster that is written a region at a time, in tiles that are compressed with deflate; it
/// appears with `commit()` or not at all.
///
/// A tile is written when all of it is there, so that memory is that of the tiles on the seams of
/// what comes. Nothing in the file depends on when it was written.
package final class TIFFWriter {
  /// What the numbers are.
  package enum Samples: Sendable {
    /// Labels below 256, a byte each, with the colours of all 256, three bytes each.
    case bytes(palette: [UInt8])
    /// Labels, two bytes each.
    case words
    /// Numbers of float32, so many planes of them.
    case floats(planes: Int)
    /// Red, green and blue, a byte each.
    case rgb

    fileprivate var size: Int {
      switch self {
      case .bytes: 1
      case .words: 2
      case .floats: 4
      case .rgb: 3
      }
    }

    fileprivate var planes: Int { if case .floats(let planes) = self { planes } else { 1 } }
  }

  private let output: AtomicOutput
  private let grid: GridShape
  private let samples: Samples
  private let noData: String?
  private let placement: MapPlacement?
  private let isBig: Bool
  /// Tiles that are not complete, with the pixels that they lack.
  private var open: [Int: (bytes: [UInt8], missing: Int)] = [:]
  /// Where each tile stands, and how long it is.
  private var places: [(offset: Int, count: Int)]
  private var end: Int

  /// The side of a tile.
  package static let side = 256
  private static let level: Int32 = 6
  /// What offsets of 32 bits reach.
  private static let largestClassic = 1 << 32 - 1

  /// - Parameters:
  ///   - path: the file.
  ///   - grid: of two axes.
  ///   - samples: what the numbers are.
  ///   - noData: what is declared to stand for pixels that are left out; `nil` for nothing.
  ///   - placement: where the pixels lie; `nil` where nobody knows.
  /// - Throws: `InputError` where the file cannot be created, or is a pipe or a device.
  package init(
    _ path: String, grid: GridShape, samples: Samples, noData: String?, placement: Placement?
  ) throws {
    guard grid.rank == 2, grid.width < 1 << 31, grid.height < 1 << 31 else {
      throw InputError(
        .data, at: path, "a grid of \(grid) does not fit a TIFF image", remedy: "write an NPY file")
    }
    output = try AtomicOutput(path)
    try output.checkIsFile()
    self.grid = grid
    self.samples = samples
    self.noData = noData
    self.placement = placement?.map
    let tiles = Self.across(grid) * Self.down(grid) * samples.planes
    places = [(Int, Int)](repeating: (0, 0), count: tiles)
    // Decided before the first byte, for deflate may gain nothing.
    let bytes = tiles * Self.side * Self.side * samples.size
    isBig = bytes + bytes / 100 + 16 * tiles + 1 << 16 > Self.largestClassic
    end = isBig ? 16 : 8
  }

  private static func across(_ grid: GridShape) -> Int { (grid.width - 1) / side + 1 }
  private static func down(_ grid: GridShape) -> Int { (grid.height - 1) / side + 1 }

  // MARK: Pixels

  /// Writes the numbers of a region of one plane; regions must not overlap.
  ///
  /// - Parameter row: gives the bytes of a stretch of a row, in little endian: the row, and the
  ///   columns.
  /// - Throws: `InputError` where they cannot be written.
  package func write(
    _ region: GridRegion, plane: Int = 0,
    row fill: (Int, Range<Int>, UnsafeMutableRawBufferPointer) -> Void
  ) throws {
    let side = Self.side
    let size = samples.size
    for down in region.rows.lowerBound / side...(region.rows.upperBound - 1) / side {
      for across in region.columns.lowerBound / side...(region.columns.upperBound - 1) / side {
        let rows = region.rows.clamped(to: down * side..<min((down + 1) * side, grid.height))
        let columns = region.columns.clamped(
          to: across * side..<min((across + 1) * side, grid.width))
        let index = (plane * Self.down(grid) + down) * Self.across(grid) + across
        let pixels =
          min(side, grid.height - down * side) * min(side, grid.width - across * side)
        var tile =
          open.removeValue(forKey: index)
          ?? ([UInt8](repeating: 0, count: side * side * size), pixels)
        tile.bytes.withUnsafeMutableBytes { bytes in
          for row in rows {
            let first = ((row - down * side) * side + columns.lowerBound - across * side) * size
            fill(
              row, columns,
              UnsafeMutableRawBufferPointer(rebasing: bytes[first..<first + columns.count * size]))
          }
        }
        tile.missing -= rows.count * columns.count
        if tile.missing > 0 { open[index] = tile } else { try put(tile.bytes, at: index) }
      }
    }
  }

  private func put(_ tile: [UInt8], at index: Int) throws {
    var tile = tile
    if case .floats = samples { tile = Self.predicted(tile) }
    let compressed = try deflated(tile)
    try compressed.withUnsafeBytes { try output.write($0, at: end) }
    places[index] = (end, compressed.count)
    // Tags and tiles begin at even bytes.
    end += compressed.count + compressed.count & 1
  }

  /// The floating-point predictor (3): the bytes of a row by their significance, each less the one
  /// before it. Adobe Photoshop TIFF technical note 3, 2005.
  private static func predicted(_ tile: [UInt8]) -> [UInt8] {
    var result = tile
    let size = MemoryLayout<Float>.size
    let row = side * size
    for start in stride(from: 0, to: tile.count, by: row) {
      for pixel in 0..<side {
        for byte in 0..<size {
          result[start + (size - 1 - byte) * side + pixel] = tile[start + pixel * size + byte]
        }
      }
      for place in stride(from: start + row - 1, to: start, by: -1) {
        result[place] &-= result[place - 1]
      }
    }
    return result
  }

  private func deflated(_ bytes: [UInt8]) throws -> [UInt8] {
    var count = compressBound(UInt(bytes.count))
    var result = [UInt8](repeating: 0, count: Int(count))
    guard compress2(&result, &count, bytes, UInt(bytes.count), Self.level) == Z_OK else {
      throw InputError(.io, at: output.path, "cannot be compressed")
    }
    return Array(result.prefix(Int(count)))
  }

  // MARK: Tags

  /// Writes the tags, and puts the file, whose pixels must all be there, in its place.
  package func commit() throws {
    precondition(
      open.isEmpty && places.allSatisfy { $0.count > 0 }, "pixels of \(output.path) are missing")
    let tags = tags.sorted { $0.tag < $1.tag }
    let inline = isBig ? 8 : 4
    var directory: [UInt8] = []
    for tag in tags {
      Self.append(tag.tag, 2, to: &directory)
      Self.append(tag.type, 2, to: &directory)
      Self.append(tag.count, inline, to: &directory)
      if tag.bytes.count <= inline {
        directory += tag.bytes + [UInt8](repeating: 0, count: inline - tag.bytes.count)
      } else {
        try tag.bytes.withUnsafeBytes { try output.write($0, at: end) }
        Self.append(end, inline, to: &directory)
        end += tag.bytes.count + tag.bytes.count & 1
      }
    }
    var head: [UInt8] = []
    Self.append(tags.count, isBig ? 8 : 2, to: &head)
    directory = head + directory + [UInt8](repeating: 0, count: inline)
    try directory.withUnsafeBytes { try output.write($0, at: end) }
    var header: [UInt8] = [0x49, 0x49, isBig ? 43 : 42, 0]
    if isBig { header += [8, 0, 0, 0] }
    Self.append(end, inline, to: &header)
    try header.withUnsafeBytes { try output.write($0, at: 0) }
    try output.commit()
  }

  private static func append(_ value: Int, _ size: Int, to bytes: inout [UInt8]) {
    for byte in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
  }

  private static func value(_ tag: TIFFTag, _ type: Int, _ values: [Int]) -> TIFFTagValue {
    var bytes: [UInt8] = []
    for value in values { append(value, TIFFType.size(type), to: &bytes) }
    return TIFFTagValue(tag: tag.rawValue, type: type, count: values.count, bytes: bytes)
  }

  private var tags: [TIFFTagValue] {
    func short(_ tag: TIFFTag, _ values: Int...) -> TIFFTagValue {
      Self.value(tag, TIFFType.short, values)
    }
    let bands = if case .rgb = samples { 3 } else { samples.planes }
    let bits = if case .rgb = samples { 8 } else { 8 * samples.size }
    let each = [Int](repeating: 1, count: bands)
    let offsetType = isBig ? TIFFType.long8 : TIFFType.long
    var tags = [
      Self.value(.imageWidth, TIFFType.long, [grid.width]),
      Self.value(.imageLength, TIFFType.long, [grid.height]),
      Self.value(.bitsPerSample, TIFFType.short, each.map { $0 * bits }),
      short(.compression, Self.deflate),
      short(.photometric, photometric.rawValue),
      short(.samplesPerPixel, bands),
      short(.planarConfiguration, samples.planes > 1 ? 2 : 1),
      Self.value(.tileWidth, TIFFType.long, [Self.side]),
      Self.value(.tileLength, TIFFType.long, [Self.side]),
      Self.value(.tileOffsets, offsetType, places.map(\.offset)),
      Self.value(.tileByteCounts, offsetType, places.map(\.count)),
    ]
    switch samples {
    case .bytes(let palette):
      let colors = (0..<3).flatMap { part in
        (0..<Palette.mostColors).map { label in
          3 * label + part < palette.count ? Int(palette[3 * label + part]) * 257 : 0
        }
      }
      tags.append(Self.value(.colorMap, TIFFType.short, colors))
    case .floats:
      tags.append(Self.value(.sampleFormat, TIFFType.short, each.map { 3 * $0 }))
      tags.append(short(.predictor, 3))
      if bands > 1 {
        tags.append(
          Self.value(.extraSamples, TIFFType.short, [Int](repeating: 0, count: bands - 1)))
      }
    case .words, .rgb: break
    }
    if let noData {
      let text = Array(noData.utf8) + [0]
      tags.append(
        TIFFTagValue(
          tag: TIFFTag.noData.rawValue, type: TIFFType.ascii, count: text.count, bytes: text))
    }
    return tags + (placement?.tags ?? [])
  }

  private static let deflate = 8

  private var photometric: TIFFPage.Photometric {
    switch samples {
    case .bytes(let palette): palette.isEmpty ? .minIsBlack : .palette
    case .words, .floats: .minIsBlack
    case .rgb: .rgb
    }
  }
}

extension TIFFWriter {
  /// A raster of labels: bytes, or 16 bits where one is above 255.
  ///
  /// - Parameters:
  ///   - largest: the largest number that may occur.
  ///   - palette: the colours of labels below 256; `nil` for none.
  ///   - mayLeaveOut: whether points may be left out: their number is then declared as nodata.
  package convenience init(
    _ path: String, labelsUpTo largest: Int, grid: GridShape, palette: Palette?,
    at placement: Placement?, mayLeaveOut: Bool
  ) throws {
    let isWide = largest >= Palette.mostColors
    let noData = mayLeaveOut ? (isWide ? "65535" : "255") : nil
    try self.init(
      path, grid: grid,
      samples: isWide
        ? .words : .bytes(palette: palette?.bytes(forLabelsUpTo: Palette.mostColors - 1) ?? []),
      noData: noData, placement: placement)
  }

  /// A raster of probabilities, a plane for each label; points that are left out are NaN.
  package convenience init(
    _ path: String, probabilitiesOf labelCount: Int, grid: GridShape, at placement: Placement?
  ) throws {
    try self.init(
      path, grid: grid, samples: .floats(planes: labelCount), noData: "nan", placement: placement)
  }

  /// Writes labels over a region.
  package func write(_ labels: [UInt16], of region: GridRegion) throws {
    let isWide = if case .words = samples { true } else { false }
    try write(region) { row, columns, bytes in
      let first = region.point(row: row, column: columns.lowerBound)
      for place in 0..<columns.count {
        let label = labels[first + place]
        if isWide {
          bytes.storeBytes(of: label.littleEndian, toByteOffset: 2 * place, as: UInt16.self)
        } else {
          bytes[place] = UInt8(truncatingIfNeeded: label)
        }
      }
    }
  }

  /// Writes the channels of a region from a field over a larger one; points that are left out are
  /// NaN.
  package func write(
    _ region: GridRegion, of field: ChannelField, over whole: GridRegion, mask: PointMask? = nil
  ) throws {
    for channel in 0..<field.channels {
      try write(region, plane: channel) { row, columns, bytes in
        let first = whole.point(row: row, column: columns.lowerBound)
        for place in 0..<columns.count {
          let point = first + place
          let isCounted = mask?.isCounted[point] ?? true
          let value = isCounted ? field.base[point * field.stride + channel] : .nan
          bytes.storeBytes(
            of: value.bitPattern.littleEndian, toByteOffset: 4 * place, as: UInt32.self)
        }
      }
    }
  }

  /// Writes red, green and blue over a region.
  package func write(rgb: UnsafeRawBufferPointer, of region: GridRegion) throws {
    try write(region) { row, columns, bytes in
      let first = region.point(row: row, column: columns.lowerBound) * 3
      bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: rgb[first..<first + bytes.count]))
    }
  }
}
