import Formats
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Files that are written in parts are those that are written whole.
@Suite struct RegionWriterTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private static let grid = GridShape(width: 7, height: 9)
  private static let bands = [0..<1, 1..<4, 4..<9]

  private static func labels(_ count: Int) -> [UInt16] {
    (0..<grid.count).map { UInt16($0 * 5 % count) }
  }

  private static func band(_ rows: Range<Int>, _ labels: [UInt16]) -> [UInt16] {
    Array(labels[rows.lowerBound * grid.width..<rows.upperBound * grid.width])
  }

  @Test(arguments: ["a.png", "a.npy"], [11, 300])
  func labelsInBands(name: String, labelCount: Int) throws {
    let labels = Self.labels(min(labelCount, 60))
    let map = try LabelMap(grid: Self.grid, labels: labels)
    try LabelFile.write(map, palette: .voc, to: folder.file("whole-" + name))
    let writer = try LabelRowWriter(
      folder.file(name), grid: Self.grid, labelCount: labelCount, palette: .voc)
    for rows in Self.bands { try writer.write(Self.band(rows, labels)) }
    #expect(try folder.contents().filter { !$0.hasSuffix(".tmp") } == ["whole-" + name])
    try writer.commit()
    #expect(try LabelFile.read(folder.file(name)) == map)
    // More than 256 possible labels are written in 16 bits, whether they occur or not.
    if labelCount <= 256 || name == "a.npy" {
      #expect(try folder.bytes(of: name) == folder.bytes(of: "whole-" + name))
    }
  }

  @Test func marginalsInBoxes() throws {
    var field = ChannelField(points: Self.grid.count, channels: 3)
    for point in 0..<field.points {
      for channel in 0..<3 { field[point, channel] = Float(point * 3 + channel) / 7 }
    }
    try NPY.write(field, over: Self.grid, to: folder.file("whole.npy"))
    let writer = try NPYRegionWriter(
      folder.file("a.npy"), shape: [3] + Self.grid.extents, type: .float32)
    let whole = GridRegion(allOf: Self.grid)
    for rows in Self.bands.reversed() {
      for columns in [0..<3, 3..<7] {
        try writer.write(GridRegion(rows: rows, columns: columns), of: field, over: whole)
      }
    }
    try writer.commit()
    #expect(try folder.bytes(of: "a.npy") == folder.bytes(of: "whole.npy"))
  }

  @Test func picturesInBands() throws {
    let rgb = (0..<3 * Self.grid.count).map { UInt8($0 * 11 % 256) }
    let image = try Image(grid: Self.grid, channels: 3, pixels: .bytes(rgb))
    let labels = Self.labels(4)
    let picture = try Overlay().picture(
      of: LabelMap(grid: Self.grid, labels: labels), over: image, palette: .voc)
    try PNG.write(picture, to: folder.file("whole.png"))
    let writer = try OverlayRowWriter(folder.file("a.png"), grid: Self.grid, palette: .voc)
    for rows in Self.bands {
      let grid = GridShape(width: Self.grid.width, height: rows.count)
      let pixels = Array(rgb[3 * rows.lowerBound * 7..<3 * rows.upperBound * 7])
      try writer.write(
        LabelMap(grid: grid, labels: Self.band(rows, labels)),
        over: Image(grid: grid, channels: 3, pixels: .bytes(pixels)))
    }
    try writer.commit()
    #expect(try folder.bytes(of: "a.png") == folder.bytes(of: "whole.png"))
  }

  @Test func whatIsNotCommittedLeavesNothing() throws {
    do {
      let labels = try LabelRowWriter(
        folder.file("a.png"), grid: Self.grid, labelCount: 3, palette: .voc)
      try labels.write(Self.band(0..<4, Self.labels(3)))
      let marginals = try NPYRegionWriter(folder.file("a.npy"), shape: [2, 2], type: .float32)
      try marginals.write([0..<1, 0..<2]) { _, block in block.update(repeating: 1) }
      #expect(try folder.contents().count == 2)
    }
    #expect(try folder.contents().isEmpty)
  }

  @Test func aPipeCannotBeWrittenInParts() {
    let text = errorText {
      _ = try NPYRegionWriter("/dev/stdout", shape: [2], type: .float32)
    }
    #expect(text.contains("/dev/stdout") && text.contains("not an ordinary file"))
  }
}
