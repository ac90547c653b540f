import DeepLabNet
import LatticeSupport
import Testing

@Suite struct ProposalAggregateTests {
  private static let shape = TensorShape(height: 6, width: 8, channels: 3)
  /// The second and the third have pixels in common, all four but one; one box is the image.
  private static let boxes = [
    PixelBox(rows: 0..<6, columns: 0..<8), PixelBox(rows: 1..<5, columns: 2..<6),
    PixelBox(rows: 3..<6, columns: 4..<8), PixelBox(rows: 4..<5, columns: 5..<6),
  ]

  /// Whole numbers, so that sums are exact in any order.
  private static func scores(_ seed: UInt64, _ box: PixelBox) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    let shape = TensorShape(height: box.rows.count, width: box.columns.count, channels: 3)
    return Tensor(
      shape, values: (0..<shape.count).map { _ in Float(Int.random(in: -9...9, using: &generator)) }
    )
  }

  /// What the paper writes: every map in the image with zeros around it, then the maximum or the
  /// sum.
  private static func definition(
    _ proposals: [(PixelBox, Tensor)], _ rule: ProposalOptions.Aggregation
  ) -> [Float] {
    let maps = proposals.map { box, scores in
      var map = Tensor(zeros: shape)
      for (y, row) in box.rows.enumerated() {
        for (x, column) in box.columns.enumerated() {
          for channel in 0..<3 { map[0, row, column, channel] = scores[0, y, x, channel] }
        }
      }
      return map.values()
    }
    return (0..<shape.count).map { index in
      let values = maps.map { $0[index] }
      return rule == .sum ? values.reduce(0, +) : values.max() ?? 0
    }
  }

  @Test(
    arguments: ProposalOptions.Aggregation.allCases, [[0], [1], [1, 2], [0, 1, 2, 3], [0, 0]])
  func isTheMaximumOrSumOfMapsWithZerosOutsideTheirBoxes(
    _ rule: ProposalOptions.Aggregation, _ indices: [Int]
  ) {
    let proposals = indices.enumerated().map { number, index in
      (Self.boxes[index], Self.scores(UInt64(number), Self.boxes[index]))
    }
    var aggregate = ProposalAggregate(Self.shape, rule)
    for (box, scores) in proposals { aggregate.add(scores, in: box, parallelism: .automatic) }
    let found = aggregate.result(parallelism: .automatic)
    #expect(found.values() == Self.definition(proposals, rule))
  }
}
