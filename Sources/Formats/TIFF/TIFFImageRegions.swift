import LatticeSupport
import Unaries

/// A raster as an image, read a region at a time, with the pixels that are left out.
package final class TIFFImageRegions: RegionSource {
  package let grid: GridShape
  let page: TIFFPage
  private let samples: TIFFSamples
  private let name: String
  private let alpha: RasterReading.AlphaRule
  /// Bands by their places, in the order of channels.
  private let bands: [Int]
  private var hasWarned = false

  init(_ path: String, _ reading: RasterReading) throws {
    let (page, mask) = try TIFF.page(reading.page, of: path)
    self.page = page
    name = path
    alpha = reading.alpha ?? .mask
    samples = try TIFFSamples(path, page, mask: mask)
    grid = page.grid
    let isAlpha = Set(alpha == .band ? [] : page.alphaBands)
    bands = reading.bands?.map { $0 - 1 } ?? (0..<page.bands).filter { !isAlpha.contains($0) }
    if let wrong = bands.first(where: { !(0..<page.bands).contains($0) }) {
      throw InputError(
        .usage, at: path, "has \(page.bands) bands, but band \(wrong + 1) is asked for",
        remedy: "bands count from 1")
    }
    guard page.photometric != .palette || page.bands == 1 else {
      throw TIFFBytes.damaged("it has a palette and \(page.bands) bands").at(path)
    }
  }

  /// How it lies in the file. Programs of maps take no notice of that.
  var orientation: PictureOrientation { page.place == nil ? page.orientation : .upright }
  var place: Placement? { page.place.map { .map($0) } }
  /// Whether some pixels may be left out, which is known before any is read.
  var mayLeaveOut: Bool {
    page.storedNoData != nil || alpha == .mask && !page.alphaBands.isEmpty || samples.hasMaskPage
  }

  package func read(_ region: GridRegion) throws -> Image { try readMasked(region).image }

  /// The image, in which pixels that are left out are 0, and the pixels that count; `nil` for all.
  func readMasked(_ region: GridRegion) throws -> (image: Image, mask: PointMask?) {
    let bytes = try samples.bytes(region)
    let mask = try mask(bytes, region)
    if page.photometric == .palette { return (colors(bytes, mask, region), mask) }
    if page.number == .uint8 { return (byteImage(bytes, mask, region), mask) }
    return (try floatImage(samples.floats(bytes), mask, region), mask)
  }

  private func mask(_ bytes: [UInt8], _ region: GridRegion) throws -> PointMask? {
    var counts = try samples.maskPage(region)
    func leaveOut(_ isOut: (Int) -> Bool) {
      var mask = counts ?? [Bool](repeating: true, count: region.grid.count)
      for point in mask.indices where mask[point] && isOut(point) { mask[point] = false }
      counts = mask
    }
    let count = page.bands
    if let isNoData = samples.isNoData(bytes) {
      let measured = (0..<count).filter { alpha == .band || !page.alphaBands.contains($0) }
      leaveOut { point in measured.allSatisfy { isNoData[point * count + $0] } }
      if [.float16, .float32, .float64].contains(page.number) {
        let values = samples.floats(bytes)
        leaveOut { point in measured.contains { values[point * count + $0].isNaN } }
      }
    }
    if alpha == .mask, let band = page.alphaBands.first {
      let size = page.sampleSize
      leaveOut { point in
        let first = (point * count + band) * size
        return bytes[first..<first + size].allSatisfy { $0 == 0 }
      }
      warnOfData(bytes, band)
    }
    return counts.map { PointMask(unchecked: $0, grid: region.grid) }
  }

  /// GDAL tags the fourth of four bands as alpha unless it is told otherwise.
  private func warnOfData(_ bytes: [UInt8], _ band: Int) {
    guard !hasWarned, page.number == .uint8 || page.number == .uint16 else { return }
    let size = page.sampleSize
    let step = page.bands * size
    let isData = stride(from: band * size, to: bytes.count, by: step).contains { first in
      let sample = bytes[first..<first + size]
      return !sample.allSatisfy { $0 == 0 } && !sample.allSatisfy { $0 == 255 }
    }
    guard isData else { return }
    hasWarned = true
    InputWarning(
      at: name,
      "band \(band + 1) is tagged as alpha but looks like data; it says only which pixels are left "
        + "out",
      remedy: "to keep it as a channel, as near infrared, add \(set: .alphaAsBand)"
    ).report()
  }

  private func colors(_ bytes: [UInt8], _ mask: PointMask?, _ region: GridRegion) -> Image {
    let size = 1 << page.bits
    let table = page.colorMap.map { UInt8($0 >> 8) }
    let count = region.grid.count
    var rgb = [UInt8](repeating: 0, count: 3 * count)
    for point in 0..<count where mask?.isCounted[point] ?? true {
      let index: Int =
        if page.sampleSize == 1 { Int(bytes[point]) } else {
          bytes.withUnsafeBytes {
            Int($0.loadUnaligned(fromByteOffset: 2 * point, as: UInt16.self))
          }
        }
      for part in 0..<3 { rgb[3 * point + part] = table[part * size + index] }
    }
    return Image(unchecked: .bytes(rgb), grid: region.grid, channels: 3)
  }

  private func byteImage(_ bytes: [UInt8], _ mask: PointMask?, _ region: GridRegion) -> Image {
    let isInverted = page.photometric == .minIsWhite
    let factor = page.bits < 8 ? UInt8(255 / (1 << page.bits - 1)) : 1
    guard mask != nil || isInverted || factor > 1 || bands != Array(0..<page.bands) else {
      return Image(unchecked: .bytes(bytes), grid: region.grid, channels: bands.count)
    }
    let values = [UInt8](unsafeUninitializedCapacity: region.grid.count * bands.count) {
      output, filled in
      bytes.withUnsafeBufferPointer { bytes in
        for point in 0..<region.grid.count {
          let counts = mask?.isCounted[point] ?? true
          for (channel, band) in bands.enumerated() {
            let value = bytes[point * page.bands + band] &* factor
            output[point * bands.count + channel] = !counts ? 0 : isInverted ? 255 - value : value
          }
        }
      }
      filled = region.grid.count * bands.count
    }
    return Image(unchecked: .bytes(values), grid: region.grid, channels: bands.count)
  }

  private func floatImage(
    _ samples: [Float], _ mask: PointMask?, _ region: GridRegion
  ) throws -> Image {
    let isInverted = page.photometric == .minIsWhite && page.number == .uint16
    let white = Float(1 << page.bits - 1)
    var values = [Float](repeating: 0, count: region.grid.count * bands.count)
    for point in 0..<region.grid.count where mask?.isCounted[point] ?? true {
      for (channel, band) in bands.enumerated() {
        let value = samples[point * page.bands + band]
        guard value.isFinite else {
          let (row, column) = point.quotientAndRemainder(dividingBy: region.columns.count)
          throw self.samples.notFinite(
            value, row: region.rows.lowerBound + row, column: region.columns.lowerBound + column,
            band: band)
        }
        values[point * bands.count + channel] = isInverted ? white - value : value
      }
    }
    return Image(unchecked: .floats(values), grid: region.grid, channels: bands.count)
  }
}
