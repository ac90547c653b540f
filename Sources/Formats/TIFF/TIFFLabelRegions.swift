import LatticeSupport
import Unaries

/// Labels in a raster, read a region at a time, with the pixels that have none.
final class TIFFLabelRegions: RegionSource {
  let grid: GridShape
  let page: TIFFPage
  /// Pixels of the unknown label are there to be filled, even if it is the number for nodata.
  var unknown = UnknownLabel.none
  /// Whether pixels without a label are marked in what is read; else they have any label that
  /// occurs.
  var marksLeftOut = true
  private let samples: TIFFSamples
  private let reading: LabelReading
  private let name: String

  init(_ path: String, as reading: LabelReading) throws {
    let (page, mask) = try TIFF.page(nil, of: path)
    guard page.compression != TIFFPage.jpeg, page.compression != Self.webP else {
      throw InputError(
        .data, at: path, "is compressed with losses, which does not keep labels",
        remedy: "make it anew with another compression, such as deflate")
    }
    guard page.bands == 1 || Self.isColored(page) else {
      throw InputError(
        .data, at: path, "has \(page.bands) bands, but labels are one",
        remedy: "for scores, use \(set: .scoreKind(.logits))")
    }
    self.page = page
    self.reading = reading
    name = path
    grid = page.grid
    samples = try TIFFSamples(path, page, mask: mask)
  }

  private static let webP = 50001

  private static func isColored(_ page: TIFFPage) -> Bool {
    page.bands == 3 && page.photometric == .rgb && page.number == .uint8
  }

  /// The colours of the labels in the file; `nil` where it has none.
  var palette: Palette? {
    guard !page.colorMap.isEmpty, page.bits <= 8 else { return nil }
    let size = 1 << page.bits
    let entries = page.colorMap.map { UInt8($0 >> 8) }
    return Palette(
      colors: (0..<size).map {
        Palette.Color(entries[$0], entries[size + $0], entries[2 * size + $0])
      })
  }

  func read(_ region: GridRegion) throws -> LabelMap {
    let (map, mask) = try readMasked(region)
    guard marksLeftOut else { return map }
    // Without knowing how many labels there are: as whoever writes them does.
    let largest = map.labels.max() ?? 0
    return map.marking(mask, labelCount: Int(largest) + 1)
  }

  /// Whether some points may be left out, which is known before any is read.
  var mayLeaveOut: Bool {
    page.storedNoData != nil && !isUnknownNoData || samples.hasMaskPage
  }

  private var isUnknownNoData: Bool {
    guard case .label(let label) = unknown else { return false }
    return page.noData == Double(label)
  }

  /// The labels, and the pixels that have one; `nil` for all.
  func readMasked(_ region: GridRegion) throws -> (LabelMap, PointMask?) {
    let bytes = try samples.bytes(region)
    let maskPage = try samples.maskPage(region)
    if Self.isColored(page) {
      let picture = LabelPicture(name: name, grid: region.grid, pixels: .colors(bytes))
      return (
        try naming(region) { try picture.labels(as: reading) },
        maskPage.map { PointMask(unchecked: $0, grid: region.grid) }
      )
    }
    var counts = maskPage
    if !isUnknownNoData, let isNoData = samples.isNoData(bytes) {
      counts = zip(counts ?? isNoData.map { _ in true }, isNoData).map { $0 && !$1 }
    }
    let mask = counts.map { PointMask(unchecked: $0, grid: region.grid) }
    var values = samples.floats(bytes)
    if page.bits == 1, page.photometric == .minIsWhite { values = values.map { 1 - $0 } }
    if let mask {
      // What is left out need not be a label.
      let filler = mask.points.first.map { values[$0] } ?? 0
      for point in values.indices where !mask.isCounted[point] { values[point] = filler }
      if mask.count == 0 {
        return (LabelMap(unchecked: values.map { _ in 0 }, grid: region.grid), mask)
      }
    }
    let array = try NumericArray(shape: region.grid.extents, values: values)
    return (
      try naming(region) { try LabelFile.labels(of: array, as: reading, name: name) }, mask
    )
  }
}
