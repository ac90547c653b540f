import DeepLabNet
import Formats
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite struct ProposalSourceTests {
  private func corners(_ proposals: [Proposal]) -> [[Double]] {
    proposals.map { [$0.x0, $0.y0, $0.x1, $0.y1] }
  }

  @Test func aFileOfTextGivesTheBestBoxesFirst() throws {
    let image = try PixelwiseNetwork.photograph(width: 9, height: 9)
    let folder = try TemporaryFolder()
    let text = """
      x0,y0,x1,y1,score
      1,2,3,4,0.5
      # a comment

      0, 0, 9.5, 9, 0.9   # the image
      5,5,6,6,0.5
      """
    let path = try folder.write(Array(text.utf8), as: "boxes.csv")
    let found = try ProposalFile(path).proposals(for: image, limit: 2)
    #expect(corners(found) == [[0, 0, 9.5, 9], [1, 2, 3, 4]])
    #expect(found.map(\.score) == [0.9, 0.5])
  }

  @Test func aFileWithoutScoresKeepsItsOrder() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("boxes.npy")
    let boxes: [[Float]] = [[4, 4, 6, 7], [0, 1, 2, 3], [1, 1, 5, 5]]
    try NPY.write(NumericArray(shape: [3, 4], values: boxes.flatMap(\.self)), to: path)
    let found = try ProposalFile(path).proposals
    #expect(corners(found) == boxes.map { $0.map(Double.init) })
  }

  @Test(arguments: [
    ("", "holds no boxes"), ("x0,y0,x1,y1", "holds no boxes"), ("1,2,3", "line 1 has 3 numbers"),
    ("1,2,3,4\n1,2,3,4,5", "line 2 has 5 numbers"), ("1,2,3,4\na,2,3,4", "line 2 is 'a,2,3,4'"),
    ("1,2,0,4", "line 1: a box from (1.0, 2.0) to (0.0, 4.0)"), ("1,2,3,inf", "inf"),
  ])
  func aFileThatIsNoListOfBoxesIsRefused(_ text: String, _ problem: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array(text.utf8), as: "boxes.csv")
    let error = errorText { _ = try ProposalFile(path) }
    #expect(error.contains(path) && error.contains(problem), "\(error)")
  }

  @Test func anArrayOfAnotherShapeIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("boxes.npy")
    try NPY.write(NumericArray(shape: [2, 3], values: [1, 2, 3, 4, 5, 6]), to: path)
    #expect(errorText { _ = try ProposalFile(path) }.contains("shape [2, 3]"))
  }

  @Test(arguments: [(50, 40), (31, 97), (1, 1), (7, 300)])
  func aGridCoversTheImageAtEverySize(_ width: Int, _ height: Int) throws {
    let image = try PixelwiseNetwork.photograph(width: width, height: height)
    let grid = try SlidingGrid(shares: [0.5, 1], overlap: 0.25)
    let all = try grid.proposals(for: image, limit: 10_000)
    #expect(all.map(\.score) == all.map(\.score).sorted(by: >))
    for share in [1, 0.5] {
      let boxes = all.filter { $0.score == share }
      for x in 0..<width {
        for y in stride(from: 0, to: height, by: 3) {
          let isCovered = boxes.contains {
            $0.x0 <= Double(x) && Double(x) < $0.x1 && $0.y0 <= Double(y) && Double(y) < $0.y1
          }
          #expect(isCovered)
        }
      }
    }
    #expect(try grid.proposals(for: image, limit: 2) == Array(all.prefix(2)))
    #expect(throws: InputError.self) { try SlidingGrid(shares: [1.5]) }
  }

  @Test func gradientsFindSomethingThatStandsOut() throws {
    let (width, height) = (120, 90)
    let object = try Proposal(x0: 30, y0: 25, x1: 75, y1: 65)
    var generator = SeededGenerator(seed: 5)
    let pixels = (0..<width * height).flatMap { point in
      let (y, x) = point.quotientAndRemainder(dividingBy: width)
      let isObject = 30..<75 ~= x && 25..<65 ~= y
      return (0..<3).map { _ in UInt8.random(in: 0...20, using: &generator) + (isObject ? 150 : 0) }
    }
    let image = try Image(width: width, height: height, rgb: pixels)
    let found = try GradientProposals(largestOverlap: 0.5).proposals(for: image, limit: 20)
    #expect(found.count == 20)
    // A step of the search away: neighbours have 0.65 in common.
    #expect(overlap(found[0], object) >= 0.65, "\(found[0])")
    #expect(found.map(\.score) == found.map(\.score).sorted(by: >))
    for (index, one) in found.enumerated() {
      for other in found[..<index] { #expect(overlap(one, other) <= 0.5) }
    }
    #expect(try GradientProposals(largestOverlap: 0.5).proposals(for: image, limit: 20) == found)
  }

  @Test(arguments: [(1, 1), (1, 40), (3, 2)])
  func gradientsOfTinyImagesGiveBoxesWithinThem(_ width: Int, _ height: Int) throws {
    let image = try PixelwiseNetwork.photograph(width: width, height: height)
    let found = try GradientProposals().proposals(for: image, limit: 5)
    #expect((1...5).contains(found.count))
    for box in found {
      #expect(box.x0 >= 0 && box.y0 >= 0)
      #expect(box.x1 <= Double(width) && box.y1 <= Double(height))
    }
  }

  /// The share of both boxes' area that is common to them.
  private func overlap(_ one: Proposal, _ other: Proposal) -> Double {
    let common =
      max(0, min(one.x1, other.x1) - max(one.x0, other.x0))
      * max(0, min(one.y1, other.y1) - max(one.y0, other.y0))
    func area(_ box: Proposal) -> Double { (box.x1 - box.x0) * (box.y1 - box.y0) }
    return common / (area(one) + area(other) - common)
  }
}
