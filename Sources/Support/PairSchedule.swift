#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
import Synchronization

/// An order of work on pairs of panels, where a pair writes to both of its panels.
///
/// Each panel is written by one pair at a time, and in an order that does not depend on the number
/// of threads: then sums need no copies of their own to be the same bit for bit. Pairs follow each
/// other by (first + second) mod panels; all with the same remainder are disjoint, so that threads
/// seldom wait for each other.
package struct PairSchedule: Sendable {
  /// A pair, and how many earlier ones write to each of its panels.
  package struct Pair: Sendable {
    /// A panel.
    package let first: Int
    /// Another, or the same; not less than `first`.
    package let second: Int
    fileprivate var firstTurn = 0
    fileprivate var secondTurn = 0
  }

  /// The pairs, in the order in which they start.
  package let pairs: [Pair]
  private let panels: Int

  /// All unordered pairs of `panels` panels, each panel with itself among them.
  package static func allPairs(of panels: Int) -> [Pair] {
    (0..<panels).flatMap { remainder in
      (0..<panels).compactMap { first in
        let second = (remainder + panels - first) % panels
        return first <= second ? Pair(first: first, second: second) : nil
      }
    }
  }

  /// - Parameters:
  ///   - pairs: some of `allPairs(of: panels)`, in their order.
  ///   - panels: the number of panels.
  package init(_ pairs: [Pair], of panels: Int) {
    var turns = [Int](repeating: 0, count: panels)
    self.panels = panels
    self.pairs = pairs.map { pair in
      var pair = pair
      pair.firstTurn = turns[pair.first]
      pair.secondTurn = turns[pair.second]
      turns[pair.first] += 1
      if pair.second != pair.first { turns[pair.second] += 1 }
      return pair
    }
  }

  /// Calls `body` with the number of each of `pairs`, on several threads; as
  /// `forEachUnlessCancelled` does, once the call is cancelled.
  ///
  /// - Parameters:
  ///   - parallelism: the threads to use.
  ///   - body: may write to the pair's two panels.
  package func run(_ parallelism: Parallelism, _ body: (Int) -> Void) {
    let done = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: max(1, panels))
    for panel in 0..<panels { (done + panel).initialize(to: Atomic(0)) }
    defer {
      done.deinitialize(count: panels)
      done.deallocate()
    }
    let flag = Cancellation.flag
    // Indices are handed out in order, so the thread that is waited for is at work already.
    parallelism.forEach(pairs.count) { index in
      let pair = pairs[index]
      Self.wait(for: pair.firstTurn, at: done + pair.first)
      Self.wait(for: pair.secondTurn, at: done + pair.second)
      if flag?.isSet != true { body(index) }
      done[pair.first].wrappingAdd(1, ordering: .releasing)
      if pair.second != pair.first {
        done[pair.second].wrappingAdd(1, ordering: .releasing)
      }
    }
  }

  private static func wait(for turn: Int, at counter: UnsafeMutablePointer<Atomic<Int>>) {
    while counter.pointee.load(ordering: .acquiring) != turn { sched_yield() }
  }
}
