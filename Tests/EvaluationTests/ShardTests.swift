import Evaluation
import Formats
import Foundation
import Testing
import Unaries

struct ShardTests {
  @Test("shares cover a list once, and differ by one element at most")
  func shares() throws {
    for length in [0, 1, 5, 16, 203] {
      let list = Array(0..<length)
      for count in [1, 2, 7, 16] {
        let shares = try (1...count).map { number in
          try #require(Shard(number, of: count)).share(of: list)
        }
        #expect(shares.flatMap { $0 }.sorted() == list)
        #expect(shares.allSatisfy { $0 == $0.sorted() })
        let sizes = shares.map(\.count)
        #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
      }
    }
  }

  @Test("a share is written as its number, from 1, of how many there are")
  func text() {
    #expect(Shard("3/16") == Shard(3, of: 16))
    for wrong in ["0/16", "17/16", "3", "3/", "/3", "3/16/1", "-1/2", "a/b", "1/0", ""] {
      #expect(Shard(wrong) == nil)
    }
  }

  @Test("what was counted comes back from its numbers, and adds up")
  func tally() throws {
    let grid = GridShape(width: 6, height: 4)
    func counts(seed: Int) throws -> EvaluationCounts {
      var counts = try EvaluationCounts(
        labelCount: 3, ignoring: 255, isRefined: true, widths: [1, 2])
      let truth = try LabelMap(
        grid: grid, labels: (0..<24).map { $0 == seed ? 255 : UInt16($0 * (seed + 5) / 7 % 3) })
      let measured = counts.measured(truth)
      let labels = try LabelMap(grid: grid, labels: (0..<24).map { UInt16(($0 + seed) % 3) })
      try counts.addBefore(labels, truth: measured)
      try counts.addAfter(LabelMap(grid: grid, labels: labels.labels.reversed()), truth: measured)
      return counts
    }
    let (one, other) = (try counts(seed: 1), try counts(seed: 2))
    var sum = one
    sum += other
    func returned(_ counts: EvaluationCounts) throws -> EvaluationCounts {
      let data = try JSONEncoder().encode(EvaluationTally(counts))
      return try JSONDecoder().decode(EvaluationTally.self, from: data).counts()
    }
    var total = try returned(one)
    #expect(try total.adds(to: returned(other)))
    total += try returned(other)
    #expect(EvaluationTally(total) == EvaluationTally(sum))
    #expect(total.bandsAfter?.bands == sum.bandsAfter?.bands)
    #expect(total.before.total == 46 && total.voidPixels == 2)
    let fewer = try EvaluationCounts(labelCount: 2, ignoring: 255, isRefined: true, widths: [1, 2])
    #expect(!total.adds(to: fewer))
  }
}
