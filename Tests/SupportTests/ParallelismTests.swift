import Dispatch
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

  private struct Failure: Error, Equatable { let index: Int }

  @Test("results stand in their order, and the first error counts", arguments: [1, 3])
  func map(threads: Int) {
    let parallelism = Parallelism(threads: threads)
    #expect(parallelism.map(100) { 2 * $0 } == (0..<100).map { 2 * $0 })
    #expect(throws: Failure(index: 7)) {
      try parallelism.map(100) { index throws(Failure) in
        if index % 10 == 7 { throw Failure(index: index) }
      }
    }
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

  @Test("callers on several threads, and calls within calls, do not disturb one another")
  func sharedTeam() {
    let total = Atomic<Int>(0)
    let parallelism = Parallelism(threads: 3)
    // Not through a Parallelism of its own: these threads really run side by side.
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<200 {
        parallelism.forEach(5) { index in
          parallelism.forEach(2) { _ in
            total.wrappingAdd(index, ordering: .relaxed)
          }
        }
      }
    }
    #expect(total.load(ordering: .relaxed) == 4 * 200 * 2 * 10)
  }

  @Test("what one job writes, the next one reads, however short they are")
  func jobsFollowOneAnother() {
    let values = AlignedBuffer<Int64>(zeros: 64)
    let parallelism = Parallelism(threads: 4)
    for _ in 0..<5000 {
      parallelism.forEach(64) { values[$0] += 1 }
      parallelism.forEach(32) { values[$0] += values[63 - $0] - values[$0] }
    }
    let isComplete = (0..<64).allSatisfy { values[$0] == 5000 }
    #expect(isComplete)
  }
}
