import Support
import Testing

/// Memory that is kept for the next who asks for as much.
struct LargeBlocksTests {
  private static let unit = 4 << 20
  private let blocks = LargeBlocks(usualLimit: 4 * unit)

  private func take(_ size: Int) -> UnsafeMutableRawPointer {
    blocks.take(size: size) ?? LargeBlocks.map(size: size)
  }

  private func use(_ sizes: [Int]) {
    let taken = sizes.map { take($0) }
    for (block, size) in zip(taken, sizes) { blocks.give(block, size: size) }
  }

  @Test func aBlockServesTheNextOfItsSize() {
    let first = take(Self.unit)
    blocks.give(first, size: Self.unit)
    #expect(blocks.keptBytes == Self.unit)
    let second = take(Self.unit)
    #expect(first == second)
    #expect(blocks.keptBytes == 0)
    blocks.give(second, size: Self.unit)
  }

  @Test func halfAsMuchAgainAsWasOnceInUseMayBeThere() {
    use([Self.unit, Self.unit])
    #expect(blocks.keptBytes == 2 * Self.unit)
    // Both kept ones and this one would be four; three may be there.
    let other = take(2 * Self.unit)
    #expect(blocks.keptBytes == Self.unit)
    blocks.give(other, size: 2 * Self.unit)
    #expect(blocks.keptBytes == 3 * Self.unit)
    use([Self.unit, 2 * Self.unit])
    #expect(blocks.keptBytes == 3 * Self.unit)
  }

  @Test func beyondTheUsualLimitNoMoreIsThereThanWasOnceInUse() {
    use([Int](repeating: 2 * Self.unit, count: 6))
    let other = take(3 * Self.unit)
    #expect(blocks.keptBytes == 8 * Self.unit)
    blocks.give(other, size: 3 * Self.unit)
    #expect(blocks.keptBytes == 11 * Self.unit)
  }

  @Test func severalImagesAtATimeKeepAsMuchAsTheyNeeded() {
    use([Int](repeating: 2 * Self.unit, count: 6))
    #expect(blocks.keptBytes == 12 * Self.unit)
    use([Int](repeating: 3 * Self.unit, count: 10))
    // Four times the usual limit at most, in whole blocks.
    #expect(blocks.keptBytes == 15 * Self.unit)
  }

  @Test func trainingsKeepHalfAsMuchAgain() {
    blocks.keepMore()
    use([10 * Self.unit])
    let other = take(5 * Self.unit)
    #expect(blocks.keptBytes == 10 * Self.unit)
    blocks.give(other, size: 5 * Self.unit)
    #expect(blocks.keptBytes == 15 * Self.unit)
  }
}
