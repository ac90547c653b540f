import LatticeSupport
import Unaries

/// Scores in the bands of a raster, or in its pages, read a box at a time: (L,H,W).
///
/// What the bands are tagged as does not matter: every one is a label.
final class TIFFScores: MaskedBoxSource {
  let shape: [Int]
  let number: StoredNumber
  let placement: Placement?
  /// What stands for the scores of points that are left out.
  var filler: Float = 0
  private let path: String
  private let pages: [TIFFPage]
  private var readers: [TIFFSamples] = []
  private var firstRow = 0

  /// Labels that are decoded page by page.
  private static let mostPages = 1 << 12

  init(_ path: String) throws {
    self.path = path
    pages = try TIFF.pages(FileSource(path)).full
    let first = pages[0]
    guard pages.count == 1 || pages.allSatisfy({ $0.bands == 1 && $0.number == first.number }),
      pages.allSatisfy({ $0.grid == first.grid }), pages.count <= Self.mostPages
    else {
      throw InputError(
        .data, at: path,
        "has \(pages.count) pages that are not one array: of different sizes or numbers, or of several "
          + "bands", remedy: "save the scores as the bands of one page, or as an NPY file")
    }
    number = first.number
    placement = first.place.map { .map($0) }
    let labels = pages.count == 1 ? first.bands : pages.count
    shape = (labels > 1 ? [labels] : []) + [first.height, first.width]
  }

  private var width: Int { shape[shape.count - 1] }
  private var height: Int { shape[shape.count - 2] }
  private var labels: Int { shape.count == 3 ? shape[0] : 1 }

  /// Whether some points may be left out, which is known before any is read.
  var mayLeaveOut: Bool { pages[0].storedNoData != nil }

  func read(_ box: [Range<Int>]) throws -> NumericArray {
    let region = GridRegion(rows: box[box.count - 2], columns: box[box.count - 1])
    let wanted = shape.count == 3 ? box[0] : 0..<1
    let (planes, isOut) = try samples(region)
    let points = region.grid.count
    let (isPaged, count) = (planes.count > 1, labels)
    let result = [Float](unsafeUninitializedCapacity: wanted.count * points) { output, filled in
      for (place, label) in wanted.enumerated() {
        let (step, first) = isPaged ? (1, 0) : (count, label)
        planes[isPaged ? label : 0].withUnsafeBufferPointer { plane in
          for point in 0..<points { output[place * points + point] = plane[point * step + first] }
        }
        guard let isOut else { continue }
        for point in 0..<points where isOut[point] { output[place * points + point] = filler }
      }
      filled = wanted.count * points
    }
    return try NumericArray(shape: box.map(\.count), values: result)
  }

  func mask(_ region: GridRegion) throws -> PointMask? {
    guard mayLeaveOut, let isOut = try samples(region).isOut else { return nil }
    return PointMask(unchecked: isOut.map { !$0 }, grid: region.grid)
  }

  /// The scores of a region, page by page, and which points have none.
  private func samples(_ region: GridRegion) throws -> (planes: [[Float]], isOut: [Bool]?) {
    let bytes = try bytes(region)
    let planes = zip(readers, bytes).map { $0.floats($1) }
    let noData = zip(readers, bytes).map { $0.isNoData($1) }
    let isPaged = readers.count > 1
    let count = labels
    func flag(_ flags: [[Bool]], _ point: Int, _ label: Int) -> Bool {
      isPaged ? flags[label][point] : flags[0][point * count + label]
    }
    let flags = noData.compactMap { $0 }
    guard flags.count == planes.count else { return (planes, nil) }
    let isOut = try (0..<region.grid.count).map { point in
      let missing = (0..<count).count { flag(flags, point, $0) }
      guard missing == 0 || missing == count else {
        let (row, column) = point.quotientAndRemainder(dividingBy: region.columns.count)
        throw InputError(
          .data, at: path,
          "has nodata for \(missing) of \(count) labels at row \(region.rows.lowerBound + row), column "
            + "\(region.columns.lowerBound + column): its scores are neither known nor unknown",
          remedy: "save scores of all labels or of none at each pixel")
      }
      return missing > 0
    }
    return (planes, isOut)
  }

  /// Rows above a region that are kept: whoever reads coarse scores between their points asks for
  /// the row above, too.
  private static let margin = 4

  /// The samples of a region, page by page. Rows come from top to bottom; whoever asks for some far
  /// above starts anew.
  private func bytes(_ region: GridRegion) throws -> [[UInt8]] {
    let row = region.rows.lowerBound
    if readers.isEmpty || row < firstRow {
      readers = try pages.map { try TIFFSamples(path, $0) }
      firstRow = 0
    }
    firstRow = max(firstRow, row - Self.margin)
    let wide = GridRegion(
      rows: firstRow..<region.rows.upperBound, columns: region.columns)
    return try readers.map { reader in
      let bytes = try reader.bytes(wide)
      return wide.cut(region, from: bytes, channels: reader.page.bands * reader.page.sampleSize)
    }
  }
}

/// An array some points of which may have no numbers.
protocol MaskedBoxSource: AnyObject, BoxSource {
  /// What is read in place of the numbers that are missing.
  var filler: Float { get set }
  /// Whether some points may be left out, which is known before any is read.
  var mayLeaveOut: Bool { get }
  /// The points of a region that have numbers, over the last two axes; `nil` for all.
  func mask(_ region: GridRegion) throws -> PointMask?
}
