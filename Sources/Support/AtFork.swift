#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// State of the process that has to be whole in a child made by `fork`.
///
/// A child has a copy of the memory, but only the thread that forked: what another thread had
/// locked stays locked for ever, and what waits for another thread waits for ever. So whatever is
/// locked while a call lasts is held while the process forks, and whatever depends on threads
/// starts afresh in the child.
protocol ForkParticipant: AnyObject, Sendable {
  /// In the thread that forks, before: takes what must not be in use meanwhile.
  func prepareToFork()
  /// In the parent, after: gives it back.
  func resumeAfterFork()
  /// In the child, after: starts afresh.
  func startInChild()
}

/// Keeps the process able to fork at any time: data loaders do, while other threads compute.
enum AtFork {
  nonisolated(unsafe) private static var participants: [any ForkParticipant] = []
  private static let mutex = PlainMutex()
  private static let isInstalled: Bool = {
    let status = pthread_atfork(
      {
        AtFork.mutex.lock()
        for participant in AtFork.participants { participant.prepareToFork() }
      },
      {
        for participant in AtFork.participants.reversed() { participant.resumeAfterFork() }
        AtFork.mutex.unlock()
      },
      {
        for participant in AtFork.participants.reversed() { participant.startInChild() }
        AtFork.mutex.reset()
      })
    return status == 0
  }()

  /// Calls `participant` at every fork from now on; it lives as long as the process.
  static func add(_ participant: any ForkParticipant) {
    precondition(isInstalled, "pthread_atfork: out of memory")
    mutex.lock()
    participants.append(participant)
    mutex.unlock()
  }
}

/// A POSIX mutex, which a child can set up afresh, whichever thread had it.
final class PlainMutex: @unchecked Sendable {
  let pointer = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  init() { pthread_mutex_init(pointer, nil) }

  deinit {
    pthread_mutex_destroy(pointer)
    pointer.deallocate()
  }

  func lock() { pthread_mutex_lock(pointer) }
  func unlock() { pthread_mutex_unlock(pointer) }

  /// Open, whichever thread had it; only where no other thread is left.
  func reset() { pthread_mutex_init(pointer, nil) }
}

/// A value that one thread uses at a time, and that a child made by `fork` finds whole and free.
///
/// In place of `Mutex`, whose lock belongs to the thread that took it: a child would wait for a
/// thread that it does not have. For values that live as long as the process. Nothing else of this
/// kind may be locked inside.
package final class ForkSafe<Value>: ForkParticipant, @unchecked Sendable {
  private let mutex = PlainMutex()
  private var value: Value

  package init(_ value: Value) {
    self.value = value
    AtFork.add(self)
  }

  /// Calls `body` while no other thread, and no fork, can touch the value.
  package func withLock<Result, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    mutex.lock()
    defer { mutex.unlock() }
    return try body(&value)
  }

  func prepareToFork() { mutex.lock() }
  func resumeAfterFork() { mutex.unlock() }
  func startInChild() { mutex.reset() }
}
