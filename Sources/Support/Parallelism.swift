import Dispatch

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

  /// One thread for each processor that the machine has.
  public static let automatic = Parallelism(threads: activeProcessorCount())

  /// Everything on the calling thread.
  public static let serial = Parallelism(threads: 1)

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
    let workers = min(threads, count)
    guard workers > 1 else {
      for index in 0..<count { body(index) }
      return
    }
    guard !WorkerTeam.shared.run(count: count, threads: threads, body) else { return }
    IndexedJob.withJob(count: count, body) { job in
      nonisolated(unsafe) let job = job
      DispatchQueue.concurrentPerform(iterations: workers) { _ in job.pointee.work() }
    }
  }
}
