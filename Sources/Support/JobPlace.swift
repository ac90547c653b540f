import Synchronization

/// Where a caller puts one job after another for workers to find.
final class JobPlace: @unchecked Sendable {
  /// The job's number, whether it is open, and how many workers have joined it.
  private let state = Atomic<UInt64>(0)
  /// The job, on its caller's stack; written while no worker can join, read by those that have.
  private var job: UnsafePointer<IndexedJob>?
  private let room = Atomic<UInt64>(0)
  private let isTaken = Atomic<Bool>(false)

  private static let open: UInt64 = 1 << 16
  private static let joined: UInt64 = open - 1
  private static let step: UInt64 = 1 << 17

  /// The part of a state that tells jobs apart.
  static func number(of state: UInt64) -> UInt64 { state & ~(step - 1) }

  /// Takes the place; false where somebody has it.
  func claim() -> Bool {
    !isTaken.load(ordering: .relaxed)
      && isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
  }

  /// Lets up to `workers` workers join `job`.
  func open(_ job: UnsafePointer<IndexedJob>, workers: Int) {
    self.job = job
    room.store(UInt64(workers), ordering: .relaxed)
    let opened = Self.number(of: state.load(ordering: .relaxed)) + Self.step + Self.open
    state.store(opened, ordering: .sequentiallyConsistent)
  }

  /// No thread joins any more; those that have joined finish.
  func close() { state.bitwiseAnd(~Self.open, ordering: .acquiringAndReleasing) }

  /// Whether all have left that had joined.
  var isLeft: Bool { state.load(ordering: .acquiring) & Self.joined == 0 }

  /// Gives the place to the next that comes.
  func release() {
    job = nil
    isTaken.store(false, ordering: .releasing)
  }

  /// The state of an open job whose number is not `seen`; `nil` where there is none.
  func job(after seen: UInt64) -> UInt64? {
    let state = state.load(ordering: .sequentiallyConsistent)
    return state & Self.open != 0 && Self.number(of: state) != seen ? state : nil
  }

  /// Works on the job that had the state `seen`, unless it is full or over.
  func join(_ seen: UInt64) {
    var seen = seen
    while seen & Self.open != 0, seen & Self.joined < room.load(ordering: .relaxed) {
      let (exchanged, original) = state.compareExchange(
        expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
      if exchanged {
        job?.pointee.work()
        state.wrappingSubtract(1, ordering: .releasing)
        return
      }
      seen = original
    }
  }

  /// As it was made; only where no other thread is left.
  func reset() {
    state.store(0, ordering: .relaxed)
    job = nil
    isTaken.store(false, ordering: .relaxed)
  }
}
