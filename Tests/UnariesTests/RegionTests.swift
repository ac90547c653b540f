import Formats
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Regions of every reader are the same parts of what reading the whole gives.
@Suite struct RegionTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private static let grid = GridShape(width: 19, height: 13)

  /// In the order of tiles: bands that overlap, a gap, and the last corner.
  private static let regions = [
    (0..<5, 0..<19), (0..<5, 3..<9), (2..<7, 0..<4), (2..<7, 15..<19), (6..<8, 1..<2),
    (11..<13, 0..<19), (12..<13, 18..<19),
  ].map { GridRegion(rows: $0, columns: $1) }

  private static func part<Value: BitwiseCopyable>(
    _ region: GridRegion, of values: [Value], channels: Int = 1
  ) -> [Value] {
    region.rows.flatMap { row in
      region.columns.flatMap { column in
        (0..<channels).map { values[(row * grid.width + column) * channels + $0] }
      }
    }
  }

  /// Channel values one after another, whatever holds them.
  private static func values(_ image: Image) -> [Float] {
    (0..<image.grid.count).flatMap { point in (0..<image.channels).map { image[point, $0] } }
  }

  private func check(_ path: String, layout: ChannelLayout = .channelsFirst) throws {
    let whole = try ImageFile.read(path, rank: 2, layout: layout)
    let source = try ImageFile.regions(path, layout: layout)
    #expect(source.grid == whole.grid)
    for region in Self.regions {
      let image = try source.read(region)
      #expect(image.grid == region.grid && image.channels == whole.channels)
      let expected = Self.part(region, of: Self.values(whole), channels: whole.channels)
      #expect(Self.values(image) == expected, "\(region)")
    }
  }

  @Test(arguments: [
    (0, 1), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 2), (3, 8), (4, 8), (6, 16),
  ])
  func picturesOfEveryKind(color: Int, bitDepth: Int) throws {
    for isInterlaced in [false, true] {
      let png = PNGBytes(
        width: 19, height: 13, bitDepth: bitDepth, color: color, isInterlaced: isInterlaced)
      let bytes = png.file { x, y, channel in
        (x * 37 + y * 101 + channel * 59) * 257 % (1 << bitDepth)
      }
      let path = try folder.write(bytes, as: "a.png")
      try check(path)
      guard color == 0 || color == 3 else { continue }
      let whole = try LabelFile.read(path)
      let source = try LabelFile.regions(path)
      for region in Self.regions {
        #expect(try source.read(region).labels == Self.part(region, of: whole.labels))
      }
    }
  }

  @Test func labelsInColours() throws {
    let labels = (0..<Self.grid.count).map { UInt16($0 * 7 % 11) }
    let rgb = Palette.camvid.pixels(of: labels)
    try PNG.write(
      Image(grid: Self.grid, channels: 3, pixels: .bytes(rgb)), to: folder.file("a.png"))
    let source = try LabelFile.regions(folder.file("a.png"), as: LabelReading(palette: .camvid))
    for region in Self.regions {
      #expect(try source.read(region).labels == Self.part(region, of: labels))
    }
  }

  @Test(arguments: [JPEGBytes.color, JPEGBytes.progressive, JPEGBytes.gray])
  func photographsInJPEG(bytes: [UInt8]) throws {
    let path = try folder.write(bytes, as: "a.jpg")
    let whole = Self.values(try ImageFile.read(path))
    let source = try ImageFile.regions(path, layout: .channelsFirst)
    for rows in [0..<3, 1..<4, 6..<8] {
      let image = try source.read(GridRegion(rows: rows, columns: 2..<9))
      let expected = rows.flatMap { row in
        (2..<9).flatMap { column in (0..<3).map { whole[(row * 16 + column) * 3 + $0] } }
      }
      #expect(Self.values(image) == expected)
    }
  }

  @Test(arguments: ChannelLayout.allCases)
  func imagesThatAreArrays(layout: ChannelLayout) throws {
    let shapes = [
      layout == .channelsFirst ? [5, 13, 19] : [13, 19, 5], [13, 19],
    ]
    for (shape, scale) in zip(shapes, [Float(0.25), 1]) {
      let count = shape.reduce(1, *)
      let array = try NumericArray(
        shape: shape, values: (0..<count).map { Float($0 * 31 % 251) * scale })
      try NPY.write(array, to: folder.file("a.npy"))
      try check(folder.file("a.npy"), layout: layout)
    }
  }

  @Test(arguments: [
    "<f2", "<f4", ">f4", "<f8", ">f8", "|i1", "<i2", ">i4", "<i8", "|u1", ">u2", "<u4", "<u8",
  ])
  func boxesOfArraysOfEveryType(type: String) throws {
    let shape = [3, 5, 4, 6]
    let count = shape.reduce(1, *)
    for isFortran in [false, true] {
      let bytes = NPYBytes.file(
        type: type, shape: shape, fortranOrder: isFortran,
        data: NPYBytes.data((0..<count).map { Double($0 % 127) }, type: type))
      let path = try folder.write(bytes, as: "a.npy")
      let whole = try NPY.read(path)
      for source in [try ArrayFile.boxes(path), whole] as [any BoxSource] {
        #expect(source.shape == shape)
        for box in [
          shape.map { 0..<$0 }, [1..<2, 0..<5, 0..<4, 0..<6], [0..<3, 2..<4, 1..<3, 5..<6],
          [2..<3, 4..<5, 3..<4, 0..<1], [0..<2, 1..<5, 0..<4, 2..<6],
        ] {
          let found = try source.read(box)
          #expect(found.shape == box.map(\.count))
          var expected: [Float] = []
          for a in box[0] {
            for b in box[1] {
              for c in box[2] {
                for d in box[3] { expected.append(whole.values[((a * 5 + b) * 4 + c) * 6 + d]) }
              }
            }
          }
          #expect(found.values == expected, "\(type), Fortran \(isFortran), \(box)")
        }
      }
    }
  }

  /// Scores on the scene's own grid and on coarser ones.
  @Test(arguments: ScoreKind.allCases, ChannelLayout.allCases)
  func energiesBitForBit(kind: ScoreKind, layout: ChannelLayout) throws {
    for (height, width) in [(13, 19), (4, 6), (7, 10)] {
      for alignCorners in [false, true] {
        let scores = try Self.scores(height: height, width: width, kind: kind, layout: layout)
        try NPY.write(scores, to: folder.file("s.npy"))
        let whole = try ScoreMapUnary(
          scores, kind: kind, layout: layout, alignCorners: alignCorners
        ).energies(for: Scene(grid: Self.grid))
        let source = try ScoreRegions(
          ArrayFile.boxes(folder.file("s.npy")), over: Self.grid, kind: kind, layout: layout,
          alignCorners: alignCorners, parallelism: .automatic)
        for region in Self.regions {
          let part = try source.read(region)
          #expect(part.grid == region.grid)
          let expected = Self.part(region, of: whole.values.rows(), channels: 3)
          #expect(part.values.rows() == expected, "\(height)×\(width), \(region)")
        }
      }
    }
  }

  private static func scores(
    height: Int, width: Int, kind: ScoreKind, layout: ChannelLayout
  ) throws -> NumericArray {
    var generator = SeededGenerator(seed: 11)
    let points = height * width
    let rows = (0..<points).flatMap { _ in
      let raw = (0..<3).map { _ in 0.01 + generator.uniform() }
      let sum = raw.reduce(0, +)
      return kind == .probabilities ? raw.map { $0 / sum } : raw.map { 5 * $0 }
    }
    guard layout == .channelsFirst else {
      return try NumericArray(shape: [height, width, 3], values: rows)
    }
    return try NumericArray(
      shape: [3, height, width],
      values: (0..<3 * points).map { rows[$0 % points * 3 + $0 / points] })
  }

  @Test func anErrorSaysWhereTheRegionLies() throws {
    var values = [Float](repeating: 1, count: 2 * Self.grid.count)
    values[11 * 19 + 17] = .nan
    try NPY.write(
      NumericArray(shape: [2, 13, 19], values: values), to: folder.file("s.npy"))
    let source = try ScoreRegions(
      ArrayFile.boxes(folder.file("s.npy")), over: Self.grid, kind: .logits, layout: .channelsFirst,
      alignCorners: false, parallelism: .automatic)
    _ = try source.read(Self.regions[0])
    let text = errorText { _ = try source.read(GridRegion(rows: 10..<13, columns: 15..<19)) }
    #expect(
      text.hasPrefix("from row 10, column 15 on: the score of label 0 at row 1, column 2 is nan"))
  }

  @Test func aPipeCannotBeReadInParts() {
    for text in [
      errorText { _ = try ImageFile.regions("/dev/null", layout: .channelsFirst) },
      errorText { _ = try LabelFile.regions("/dev/null") },
    ] { #expect(text.contains("/dev/null: is not an ordinary file"), "\(text)") }
  }

  @Test func aFileThatEndsEarlyIsRefusedAtItsEnd() throws {
    // Longer than what the decoder takes at a time.
    let grid = GridShape(width: 100, height: 100)
    let png = PNGBytes(width: 100, height: 100, bitDepth: 8, color: 2)
    let bytes = png.file { x, y, channel in (x + y + channel) % 256 }
    let path = try folder.write(Array(bytes.dropLast(200)), as: "a.png")
    let source = try ImageFile.regions(path, layout: .channelsFirst)
    _ = try source.read(GridRegion(rows: 0..<5, columns: 0..<100))
    let error = #expect(throws: InputError.self) { try source.read(GridRegion(allOf: grid)) }
    #expect(error?.place == path && error?.problem.contains("ends early") == true)
  }
}
