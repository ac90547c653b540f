import CKernels
import Synchronization

/// Threads that wait for work by looking for it, a few dozen microseconds long, before they sleep.
///
/// The stages of an update follow one another within tens of microseconds, which is less than it
/// takes to wake a thread: with threads that sleep in between, short stages would run on one.
///
/// Callers on several threads share the workers, each with a job in a place of its own. A worker
/// joins a job only where it finds it open, and the caller waits only for those that have joined: a
/// worker that comes late, or not at all, delays nothing.
///
/// A child made by `fork` has none of the workers, and starts its own.
final class WorkerTeam: ForkParticipant {
  static let shared = WorkerTeam()

  /// Of callers that share the workers; the next one works alone.
  private static let placeCount = 16
  /// About 50 µs of looking.
  private static let looks = 2000
  private static let mostWorkers = 255

  private let places: [JobPlace]
  /// Places that somebody has used so far, the only ones where jobs can be.
  private let usedPlaces = Atomic<Int>(0)
  private let started = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let door = Door()

  private init() {
    places = (0..<Self.placeCount).map { _ in JobPlace() }
    AtFork.add(self)
  }

  /// Calls `body` once for each of `0..<count` on up to `threads` threads, the caller's among them.
  func run(count: Int, threads: Int, _ body: (Int) -> Void) {
    let workers = min(threads - 1, count - 1, Self.mostWorkers)
    guard workers > 0, let index = places.firstIndex(where: { $0.claim() }) else {
      for index in 0..<count { body(index) }
      return
    }
    usedPlaces.max(index + 1, ordering: .sequentiallyConsistent)
    startWorkers(workers)
    IndexedJob.withJob(count: count, body) { job in
      let place = places[index]
      place.open(job, workers: workers)
      if sleepers.load(ordering: .sequentiallyConsistent) > 0 { door.wakeAll() }
      job.pointee.work()
      place.close()
      var looks = 0
      while !place.isLeft { pause(&looks) }
      place.release()
    }
  }

  private func startWorkers(_ workers: Int) {
    var count = started.load(ordering: .relaxed)
    while count < workers {
      let (exchanged, original) = started.compareExchange(
        expected: count, desired: count + 1, ordering: .relaxed)
      count = exchanged ? count + 1 : original
      guard exchanged, !startThread({ WorkerTeam.shared.serve() }) else { continue }
      started.wrappingSubtract(1, ordering: .relaxed)
      return
    }
  }

  /// What a worker does for ever.
  private func serve() {
    // The last job seen in each place.
    var seen = [UInt64](repeating: 0, count: Self.placeCount)
    var next = 0
    while true {
      let (index, job) = awaitJob(&seen, from: next)
      places[index].join(job)
      // Others' jobs come before the next one of the same caller.
      next = index + 1
    }
  }

  /// A place with an open job that is new to a worker, and the job's state; notes it in `seen`.
  private func awaitJob(_ seen: inout [UInt64], from first: Int) -> (place: Int, state: UInt64) {
    func find() -> (Int, UInt64)? {
      let used = usedPlaces.load(ordering: .sequentiallyConsistent)
      for offset in 0..<used {
        let index = (first + offset) % used
        if let state = places[index].job(after: seen[index]) {
          seen[index] = JobPlace.number(of: state)
          return (index, state)
        }
      }
      return nil
    }
    for _ in 0..<Self.looks {
      if let found = find() { return found }
      ck_spin_hint()
    }
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    defer { sleepers.wrappingSubtract(1, ordering: .relaxed) }
    var found: (Int, UInt64)?
    door.sleep(until: {
      found = find()
      return found != nil
    })
    guard let found else { preconditionFailure("a worker was woken for nothing") }
    return found
  }

  /// Waits a moment; now and then giving the processor to others.
  private func pause(_ looks: inout Int) {
    looks += 1
    if looks % 1024 == 0 { yieldProcessor() } else { ck_spin_hint() }
  }

  func prepareToFork() {}
  func resumeAfterFork() {}

  func startInChild() {
    for place in places { place.reset() }
    usedPlaces.store(0, ordering: .relaxed)
    started.store(0, ordering: .relaxed)
    sleepers.store(0, ordering: .relaxed)
    door.reset()
  }
}
