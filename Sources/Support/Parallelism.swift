/// How many threads a computation may use.
///
/// Every result in this package is the same, bit for bit, whatever the number of threads: work is
/// cut into pieces by the size of the problem, never by the number of threads, and partial sums are
/// merged in the order of the pieces.
public struct Parallelism: Sendable, Hashable {
  /// The largest number of threads in use at a time; at least 1.
  public let threads: Int

  /// - Parameter threads: at least 1.
  public init(threads: Int) {
    precondition(threads >= 1, "\(threads) threads: at least one is needed")
    self.threads = threads
  }

  /// As many threads as the environment variable `OMP_NUM_THREADS` says; without it, one for each
  /// processor that this process may use, by its affinity mask and by the quota of its control
  /// group.
  public static var automatic: Parallelism { Parallelism(threads: usableProcessorCount()) }

  /// Everything on the calling thread.
  public static let serial = Parallelism(threads: 1)

  /// No more threads than are worth waking: an image of a few hundred points is done before others
  /// have looked at it, and costs several times its work on a machine of many processors.
  ///
  /// - Parameter values: how many numbers each stage of the work goes through.
  package func suited(to values: Int) -> Parallelism {
    Parallelism(threads: max(1, min(threads, values / Self.valuesPerThread)))
  }

  /// A few microseconds of most stages.
  private static let valuesPerThread = 4096

  /// Calls `body` for disjoint ranges that together cover `0..<count`, on several threads.
  ///
  /// - Parameter grain: the length of each range but the last.
  /// - Parameter body: may run on several threads at once; must write disjoint memory.
  package func forEachChunk(of count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
    precondition(count >= 0 && grain >= 1, "count \(count), grain \(grain)")
    let chunks = (count + grain - 1) / grain
    forEach(chunks) { chunk in
      body(chunk * grain..<min(count, (chunk + 1) * grain))
    }
  }

  /// Calls both, side by side where there are two threads.
  package func both<First, Second>(
    _ first: () -> First, _ second: () -> Second
  ) -> (First, Second) {
    var results: (First?, Second?) = (nil, nil)
    withUnsafeMutablePointer(to: &results.0) { firstResult in
      withUnsafeMutablePointer(to: &results.1) { secondResult in
        forEach(2) { index in
          if index == 0 {
            firstResult.pointee = first()
          } else {
            secondResult.pointee = second()
          }
        }
      }
    }
    guard let first = results.0, let second = results.1 else {
      preconditionFailure("forEach has not called both")
    }
    return (first, second)
  }

  /// What `body` gives for each of `0..<count`, called as by `forEach`.
  ///
  /// - Throws: the error of the first index that has one; `body` is called for the others all the
  ///   same.
  package func map<Element, Failure: Error>(
    _ count: Int, _ body: (Int) throws(Failure) -> Element
  ) throws(Failure) -> [Element] {
    var results = [Result<Element, Failure>?](repeating: nil, count: count)
    results.withUnsafeMutableBufferPointer { results in
      nonisolated(unsafe) let results = results
      forEach(count) { index in
        do throws(Failure) {
          results[index] = .success(try body(index))
        } catch {
          results[index] = .failure(error)
        }
      }
    }
    return try results.map { result throws(Failure) in
      guard let result else { preconditionFailure("forEach has left out an index") }
      return try result.get()
    }
  }

  /// Calls `body` once for each of `0..<count`, on several threads; idle threads take the next
  /// index.
  package func forEach(_ count: Int, _ body: (Int) -> Void) {
    guard min(threads, count) > 1 else {
      for index in 0..<count { body(index) }
      return
    }
    WorkerTeam.shared.run(count: count, threads: threads, body)
  }

  /// The same, but once the call that this is part of is cancelled, no more bodies are called.
  ///
  /// For bodies that only write numbers which nothing is indexed by: nothing reads a cancelled
  /// call's results, but stages that follow may still compute with them.
  package func forEachUnlessCancelled(_ count: Int, _ body: (Int) -> Void) {
    let flag = Cancellation.flag
    guard let flag else { return forEach(count, body) }
    forEach(count) { index in
      if !flag.isSet { body(index) }
    }
  }
}
