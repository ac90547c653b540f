import Dispatch
import Foundation
import LatticeSupport
import Synchronization
import Testing

/// As a signal handler or another thread sets a flag.
private func raise(_ flag: UnsafeMutablePointer<Int32>) { flag.pointee = 1 }

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

  @Test("more callers than the team has places for are served")
  func crowd() throws {
    let total = Atomic<Int>(0)
    let threads = (0..<40).map { _ in
      Thread {
        for _ in 0..<50 {
          Parallelism(threads: 4).forEach(9) { _ in total.wrappingAdd(1, ordering: .relaxed) }
        }
      }
    }
    for thread in threads { thread.start() }
    while !threads.allSatisfy(\.isFinished) { Thread.sleep(forTimeInterval: 0.001) }
    #expect(total.load(ordering: .relaxed) == 40 * 50 * 9)
  }

  @Test("a cancelled call calls no more bodies, and ends where panels wait for one another")
  func cancellation() {
    let flag = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
    flag.initialize(to: 0)
    defer { flag.deallocate() }
    Cancellation.use(flag)
    defer { Cancellation.use(nil) }
    let parallelism = Parallelism(threads: 3)
    let called = Atomic<Int>(0)
    parallelism.forEachUnlessCancelled(1000) { _ in
      if called.wrappingAdd(1, ordering: .relaxed).newValue == 10 { raise(flag) }
    }
    // Each of three threads may be in a body that it began before.
    #expect((10...13).contains(called.load(ordering: .relaxed)))
    #expect(throws: CallCancelled.self) { try Cancellation.check() }
    let schedule = PairSchedule(PairSchedule.allPairs(of: 6), of: 6)
    schedule.run(parallelism) { _ in called.wrappingAdd(1, ordering: .relaxed) }
    #expect(called.load(ordering: .relaxed) <= 13)
    Cancellation.use(nil)
    schedule.run(parallelism) { _ in called.wrappingAdd(1, ordering: .relaxed) }
    #expect(called.load(ordering: .relaxed) >= 10 + schedule.pairs.count)
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
