import CKernels
import Synchronization

/// Threads that wait for work by looking for it, a few dozen microseconds long, before they sleep.
///
/// The stages of an update follow one another within tens of microseconds, which is less than it
/// takes to wake a thread: with threads that sleep in between, short stages would run on one.
///
/// A worker joins a job only where it finds it open, and the caller waits only for those that have
/// joined: a worker that comes late, or not at all, delays nothing.
final class WorkerTeam: Sendable {
  static let shared = WorkerTeam()

  /// The job's number, whether it is open, and how many workers have joined it.
  private let state = Atomic<UInt64>(0)
  /// The job, on its caller's stack; written while no worker can join, read by those that have.
  nonisolated(unsafe) private var job: UnsafePointer<IndexedJob>?
  private let places = Atomic<UInt64>(0)
  /// Whether somebody uses the team.
  private let isTaken = Atomic<Bool>(false)
  private let started = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let door = Door()

  private static let open: UInt64 = 1 << 16
  private static let joined: UInt64 = open - 1
  private static let number: UInt64 = 1 << 17
  /// About 50 µs of looking.
  private static let looks = 2000
  private static let mostWorkers = 255

  private init() {}

  /// Calls `body` once for each of `0..<count` on up to `threads` threads, the caller's among them.
  ///
  /// - Returns: false, with nothing done, where another caller uses the team.
  func run(count: Int, threads: Int, _ body: (Int) -> Void) -> Bool {
    guard isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
    else { return false }
    defer { isTaken.store(false, ordering: .releasing) }
    let workers = min(threads - 1, count - 1, Self.mostWorkers)
    startWorkers(workers)
    IndexedJob.withJob(count: count, body) { job in
      self.job = job
      places.store(UInt64(max(0, workers)), ordering: .relaxed)
      let opened = (state.load(ordering: .relaxed) & ~(Self.number - 1)) + Self.number + Self.open
      state.store(opened, ordering: .sequentiallyConsistent)
      if sleepers.load(ordering: .sequentiallyConsistent) > 0 { door.wakeAll() }
      job.pointee.work()
      // Nobody joins any more; those that have, finish.
      state.bitwiseAnd(~Self.open, ordering: .acquiringAndReleasing)
      var looks = 0
      while state.load(ordering: .acquiring) & Self.joined != 0 { pause(&looks) }
      self.job = nil
    }
    return true
  }

  private func startWorkers(_ workers: Int) {
    while started.load(ordering: .relaxed) < workers {
      guard startThread({ WorkerTeam.shared.serve() }) else { return }
      started.wrappingAdd(1, ordering: .relaxed)
    }
  }

  /// What a worker does for ever.
  private func serve() {
    var done: UInt64 = 0
    while true {
      let (joined, hasJoined) = join(awaitJob(after: done))
      done = joined & ~(Self.number - 1)
      guard hasJoined else { continue }
      job?.pointee.work()
      state.wrappingSubtract(1, ordering: .releasing)
    }
  }

  /// The state with an open job of another number than `done`.
  private func awaitJob(after done: UInt64) -> UInt64 {
    func isNew(_ state: UInt64) -> Bool {
      state & Self.open != 0 && state & ~(Self.number - 1) != done
    }
    for _ in 0..<Self.looks {
      let seen = state.load(ordering: .acquiring)
      if isNew(seen) { return seen }
      ck_spin_hint()
    }
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    defer { sleepers.wrappingSubtract(1, ordering: .relaxed) }
    var seen: UInt64 = 0
    door.sleep(until: {
      seen = state.load(ordering: .sequentiallyConsistent)
      return isNew(seen)
    })
    return seen
  }

  /// Joins the job that is open, unless it is full or over; returns the state and whether it has.
  private func join(_ seen: UInt64) -> (UInt64, Bool) {
    var seen = seen
    while seen & Self.open != 0, seen & Self.joined < places.load(ordering: .relaxed) {
      let (exchanged, original) = state.compareExchange(
        expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
      if exchanged { return (seen, true) }
      seen = original
    }
    return (seen, false)
  }

  /// Waits a moment; now and then for whoever needs the processor more.
  private func pause(_ looks: inout Int) {
    looks += 1
    if looks % 1024 == 0 { yieldProcessor() } else { ck_spin_hint() }
  }
}
