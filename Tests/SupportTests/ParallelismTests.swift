import Support
import Synchronization
import Testing

@Suite
struct ParallelismTests {
  @Test(
    "every index is visited once, by any number of threads",
    arguments: [1, 2, 3, 16], [0, 1, 7, 1000])
  func visitsOnce(threads: Int, count: Int) {
    let visits = AlignedBuffer<Int32>(zeros: max(1, count))
    Parallelism(threads: threads).forEach(count) { visits[$0] += 1 }
    let isOnceEach = (0..<count).allSatisfy { visits[$0] == 1 }
    #expect(isOnceEach)
  }

  @Test("chunks cover the range without overlap", arguments: [1, 5, 64, 1000])
  func chunks(grain: Int) {
    let visits = AlignedBuffer<Int32>(zeros: 321)
    let longest = Atomic<Int>(0)
    Parallelism(threads: 4).forEachChunk(of: 321, grain: grain) { range in
      longest.max(range.count, ordering: .relaxed)
      for index in range { visits[index] += 1 }
    }
    let isOnceEach = (0..<321).allSatisfy { visits[$0] == 1 }
    #expect(isOnceEach)
    #expect(longest.load(ordering: .relaxed) == min(grain, 321))
  }
}
