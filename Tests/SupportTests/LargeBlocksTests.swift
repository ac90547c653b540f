import LatticeSupport
import Testing

/// Memory that is kept for the next who asks for as much.
struct LargeBlocksTests {
  private static let unit = 4 << 20
  private let blocks = LargeBlocks(usualLimit: 4 * unit)

  private func take(_ size: Int) throws -> UnsafeMutableRawPointer {
    try #require(blocks.take(size: size))
  }

  private func use(_ sizes: [Int]) throws {
    let taken = try sizes.map { try take($0) }
    for (block, size) in zip(taken, sizes) { blocks.give(block, size: size) }
  }

  @Test func aBlockServesTheNextOfItsSize() throws {
    let first = try take(Self.unit)
    blocks.give(first, size: Self.unit)
    #expect(blocks.keptBytes == Self.unit)
    let second = try take(Self.unit)
    #expect(first == second)
    #expect(blocks.keptBytes == 0)
    blocks.give(second, size: Self.unit)
  }

  @Test func twiceAsMuchAsWasOnceInUseMayBeThere() throws {
    try use([Self.unit])
    // One kept and one of another size.
    let other = try take(Self.unit / 2)
    #expect(blocks.keptBytes == Self.unit)
    blocks.give(other, size: Self.unit / 2)
    #expect(blocks.keptBytes == Self.unit * 3 / 2)
    // Both kept ones and this one are twice as much as this one.
    let larger = try take(Self.unit * 3 / 2)
    #expect(blocks.keptBytes == Self.unit * 3 / 2)
    blocks.give(larger, size: Self.unit * 3 / 2)
    // Five units where four may be: the oldest block goes.
    let largest = try take(2 * Self.unit)
    #expect(blocks.keptBytes == 2 * Self.unit)
    blocks.give(largest, size: 2 * Self.unit)
  }

  @Test func beyondTheUsualLimitNoMoreIsThereThanWasOnceInUse() throws {
    try use([Int](repeating: 2 * Self.unit, count: 6))
    let other = try take(3 * Self.unit)
    #expect(blocks.keptBytes == 8 * Self.unit)
    blocks.give(other, size: 3 * Self.unit)
    #expect(blocks.keptBytes == 11 * Self.unit)
  }

  @Test func aRequestThatTheSystemRefusesLeavesNoTrace() throws {
    try use([Self.unit])
    #expect(blocks.take(size: 1 << 60) == nil)
    // Had the peak risen, five units would be kept by the end.
    for halves in 1...4 { try use([halves * Self.unit / 2]) }
    #expect(blocks.keptBytes <= 4 * Self.unit)
  }

  @Test(
    arguments: [
      (asked: 262_143, given: nil), (262_144, 262_144), (262_145, 327_680), (1_048_575, 1_048_576),
      (1_048_576, 2_097_152), (2_097_153, 4_194_304),
    ] as [(asked: Int, given: Int?)])
  func blocksAreWholeHugePagesFromHalfOfOneOn(asked: Int, given: Int?) {
    #expect(LargeBlocks.size(of: asked) == given)
  }

  @Test func severalImagesAtATimeKeepAsMuchAsTheyNeeded() throws {
    try use([Int](repeating: 2 * Self.unit, count: 6))
    #expect(blocks.keptBytes == 12 * Self.unit)
    try use([Int](repeating: 3 * Self.unit, count: 10))
    // Four times the usual limit at most, in whole blocks.
    #expect(blocks.keptBytes == 15 * Self.unit)
  }

  @Test func trainingsKeepHalfAsMuchAgain() throws {
    blocks.keepMore()
    try use([10 * Self.unit])
    let other = try take(5 * Self.unit)
    #expect(blocks.keptBytes == 10 * Self.unit)
    blocks.give(other, size: 5 * Self.unit)
    #expect(blocks.keptBytes == 15 * Self.unit)
  }

  @Test func oneLargeRoundLeavesTheUsualLimitAndTwoInARowLeaveAll() throws {
    let large = [Int](repeating: 2 * Self.unit, count: 6)
    try use(large)
    blocks.endRound()
    #expect(blocks.keptBytes == 4 * Self.unit)
    try use(large)
    blocks.endRound()
    #expect(blocks.keptBytes == 12 * Self.unit)
    try use([Self.unit])
    blocks.endRound()
    #expect(blocks.keptBytes <= 4 * Self.unit)
  }

  @Test func whatNoRoundAsksForGoesBack() throws {
    try use([Self.unit, 2 * Self.unit])
    for _ in 0..<16 {
      try use([Self.unit])
      blocks.endRound()
    }
    #expect(blocks.keptBytes == 3 * Self.unit)
    for _ in 0..<2 {
      try use([Self.unit])
      blocks.endRound()
    }
    #expect(blocks.keptBytes == Self.unit)
  }

  @Test func blocksInUseSurviveRoundsAndReleases() throws {
    let block = try take(Self.unit)
    try use([Self.unit])
    for _ in 0..<40 { blocks.endRound() }
    #expect(blocks.keptBytes == 0)
    try use([2 * Self.unit])
    blocks.release()
    #expect(blocks.keptBytes == 0)
    block.storeBytes(of: 7, toByteOffset: Self.unit - 8, as: Int.self)
    blocks.give(block, size: Self.unit)
    #expect(blocks.keptBytes == Self.unit)
  }
}
