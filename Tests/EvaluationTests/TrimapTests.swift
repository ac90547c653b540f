import Evaluation
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Trimaps")
struct TrimapTests {
  @Test("where labels change, width w holds w points on either side")
  func labelChangesByHand() throws {
    var trimap = try Trimap(labelCount: 2, widths: [3, 1, 2, 2], boundary: .labelChanges)
    #expect(trimap.widths == [1, 2, 3])
    // The boundary lies between columns 3 and 4; columns 1, 4 and 6 are wrong.
    try trimap.add(
      prediction: line([0, 1, 0, 0, 0, 1, 0, 1]), truth: line([0, 0, 0, 0, 1, 1, 1, 1]))
    let bands = trimap.bands
    #expect(bands.map(\.width) == [1, 2, 3])
    #expect(bands.map(\.confusion.total) == [2, 4, 6])
    #expect(bands.map(\.confusion.pixelAccuracy) == [0.5, 0.75, 0.5])
    // In the narrowest band label 0 has TP 1, FP 1, FN 0, and label 1 TP 0, FP 0, FN 1.
    #expect(bands[0].confusion.intersectionsOverUnion == [0.5, 0])
  }

  @Test("rings measured once count as those of every prediction")
  func ringsAreShared() throws {
    let empty = try Trimap(labelCount: 2, widths: [1, 3], boundary: .labelChanges, ignoring: 255)
    let truth = try line([0, 0, 0, 0, 1, 1, 255, 1])
    let rings = empty.rings(of: truth)
    for prediction in [[0, 1, 0, 0, 0, 1, 0, 1], [1, 1, 1, 1, 1, 1, 1, 1]] as [[UInt16]] {
      var (alone, shared) = (empty, empty)
      try alone.add(prediction: line(prediction), truth: truth)
      try shared.add(prediction: line(prediction), in: rings)
      #expect(shared.bands == alone.bands)
    }
    var shared = empty
    #expect(throws: InputError.self) {
      try shared.add(prediction: line([0, 0, 0, 0, 1, 1, 0, 2]), in: rings)
    }
    #expect(shared.bands == empty.bands)
  }

  @Test("around void, width w holds w points on either side of it")
  func voidByHand() throws {
    var trimap = try Trimap(
      labelCount: 2, widths: [1, 2], boundary: .voidLabel, ignoring: 255)
    try trimap.add(
      prediction: line([0, 0, 1, 0, 0, 1, 0]), truth: line([0, 0, 0, 255, 255, 1, 1]))
    #expect(trimap.bands.map(\.confusion.total) == [2, 4])
    #expect(trimap.bands.map(\.confusion.pixelAccuracy) == [0.5, 0.5])
  }

  @Test("the rim of a void region is no boundary where labels change")
  func voidIsNoBoundary() throws {
    var trimap = try Trimap(labelCount: 2, widths: [8], boundary: .labelChanges, ignoring: 255)
    let map = try line([0, 0, 255, 1, 1])
    try trimap.add(prediction: line([0, 0, 0, 1, 1]), truth: map)
    #expect(trimap.bands[0].confusion.total == 0)
    #expect(trimap.bands[0].confusion.meanIOU == nil)
  }

  @Test("a truth of one label has no boundary", arguments: [1, 1000])
  func noBoundary(width: Int) throws {
    var trimap = try Trimap(labelCount: 2, widths: [width], boundary: .labelChanges)
    try trimap.add(prediction: line([0, 1]), truth: line([1, 1]))
    #expect(trimap.bands[0].confusion.total == 0)
  }

  /// Labels in blobs, so that bands of several widths differ, with some void.
  private func randomMaps(seed: UInt64) throws -> (prediction: LabelMap, truth: LabelMap) {
    var generator = SeededGenerator(seed: seed)
    let grid = GridShape(width: 37, height: 29)
    let blobs = (0..<7).map { index in
      (
        x: Double(generator.uniform()) * 37, y: Double(generator.uniform()) * 29,
        label: index == 6 ? UInt16(255) : UInt16(index % 3)
      )
    }
    let truth = (0..<grid.count).map { point -> UInt16 in
      let (x, y) = (Double(point % 37), Double(point / 37))
      func distance(_ blob: (x: Double, y: Double, label: UInt16)) -> Double {
        (blob.x - x) * (blob.x - x) + (blob.y - y) * (blob.y - y)
      }
      return blobs.min { distance($0) < distance($1) }!.label
    }
    let prediction = (0..<grid.count).map { _ in UInt16.random(in: 0..<3, using: &generator) }
    return try (
      LabelMap(grid: grid, labels: prediction), LabelMap(grid: grid, labels: truth)
    )
  }

  /// The counts of one band, from the distances to all boundary points.
  private func bruteForce(
    _ maps: (prediction: LabelMap, truth: LabelMap), width: Int, boundary: Trimap.Boundary
  ) -> [Int64] {
    let (grid, labels) = (maps.truth.grid, maps.truth.labels)
    func x(_ point: Int) -> Int { point % grid.width }
    func y(_ point: Int) -> Int { point / grid.width }
    let points = 0..<grid.count
    let boundaryPoints = points.filter { point in
      if boundary == .voidLabel { return labels[point] == 255 }
      return labels[point] != 255
        && points.contains { other in
          abs(x(point) - x(other)) + abs(y(point) - y(other)) == 1 && labels[other] != 255
            && labels[other] != labels[point]
        }
    }
    let reach = Double(boundary == .voidLabel ? width : width - 1)
    var counts = [Int64](repeating: 0, count: 9)
    for point in points where labels[point] != 255 {
      let isNear = boundaryPoints.contains { other in
        let (dx, dy) = (Double(x(point) - x(other)), Double(y(point) - y(other)))
        return (dx * dx + dy * dy).squareRoot() <= reach
      }
      if isNear { counts[Int(labels[point]) * 3 + Int(maps.prediction.labels[point])] += 1 }
    }
    return counts
  }

  @Test(
    "bands hold the points that all distances say, over several images",
    arguments: [Trimap.Boundary.labelChanges, .voidLabel])
  func againstBruteForce(boundary: Trimap.Boundary) throws {
    let widths = [1, 2, 3, 5, 10]
    var trimap = try Trimap(labelCount: 3, widths: widths, boundary: boundary, ignoring: 255)
    var merged = trimap
    var expected = widths.map { _ in [Int64](repeating: 0, count: 9) }
    for seed in UInt64(1)...3 {
      let maps = try randomMaps(seed: seed)
      try trimap.add(prediction: maps.prediction, truth: maps.truth)
      var single = try Trimap(labelCount: 3, widths: widths, boundary: boundary, ignoring: 255)
      try single.add(prediction: maps.prediction, truth: maps.truth)
      merged += single
      for (band, width) in widths.enumerated() {
        let counts = bruteForce(maps, width: width, boundary: boundary)
        for index in 0..<9 { expected[band][index] += counts[index] }
      }
    }
    #expect(trimap.bands.map(\.confusion.counts) == expected)
    #expect(trimap.bands == merged.bands)
  }

  @Test("a band wider than the image is the whole image")
  func wide() throws {
    let maps = try randomMaps(seed: 9)
    var trimap = try Trimap(
      labelCount: 3, widths: [100], boundary: .labelChanges, ignoring: 255)
    var whole = ConfusionMatrix(labelCount: 3)
    try trimap.add(prediction: maps.prediction, truth: maps.truth)
    try whole.add(prediction: maps.prediction, truth: maps.truth, ignoring: 255)
    #expect(trimap.bands[0].confusion == whole)
  }

  @Test("volumes have bands too")
  func volume() throws {
    let grid = try GridShape([4, 3, 3])
    let truth = try LabelMap(grid: grid, labels: (0..<36).map { $0 < 18 ? 0 : 1 })
    var trimap = try Trimap(labelCount: 2, widths: [1, 2], boundary: .labelChanges)
    try trimap.add(prediction: truth, truth: truth)
    #expect(trimap.bands.map(\.confusion.total) == [18, 36])
  }

  @Test("labels out of range are refused outside the bands too")
  func outOfRange() throws {
    var trimap = try Trimap(labelCount: 2, widths: [1], boundary: .labelChanges)
    let text = errorText {
      try trimap.add(prediction: line([0, 1, 1, 1]), truth: line([0, 1, 1, 9]))
    }
    #expect(text.contains("label 9 at row 0, column 3"), "\(text)")
    #expect(trimap.bands[0].confusion.total == 0)
  }

  @Test("parameters that make no trimap are refused")
  func badParameters() {
    let none = errorText { _ = try Trimap(labelCount: 2, widths: [], boundary: .labelChanges) }
    #expect(none.contains("widths of the trimap are []"), "\(none)")
    let zero = errorText { _ = try Trimap(labelCount: 2, widths: [0, 2], boundary: .labelChanges) }
    #expect(zero.contains("[0, 2]") && zero.contains("at least 1 point"), "\(zero)")
    let void = errorText { _ = try Trimap(labelCount: 2, widths: [2], boundary: .voidLabel) }
    #expect(void.contains("no void label is given"), "\(void)")
  }
}
