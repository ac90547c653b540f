#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
import Synchronization

/// Lets an interrupt (SIGINT, SIGTERM) end the program between outputs, never within them.
///
/// While outputs are put in their places, the first interrupt waits until they are complete; a
/// second one ends the program at once, since a pipe may keep the writer waiting. Where a program
/// has not called `install`, signals do what they do anyway.
public enum Interruption {
  private struct State {
    var isWriting = false
    var pending: Int32?
  }

  private static let state = Mutex(State())

  /// Where the handler of a signal leaves its number, for a thread that can do more than a handler
  /// may.
  nonisolated(unsafe) private static var mailbox: Int32 = -1

  /// Takes SIGINT and SIGTERM from now on: a program calls it once, when it starts.
  public static func install() {
    // A handler, since no mask reaches the threads that libraries start before `main`.
    let signals = [SIGINT, SIGTERM].filter { !isIgnored($0) }
    var ends: [Int32] = [-1, -1]
    guard !signals.isEmpty, pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    mailbox = ends[1]
    let incoming = ends[0]
    let isStarted = startThread {
      // Whoever started the program may have blocked them; one thread is enough to receive them.
      var received = sigset_t()
      sigemptyset(&received)
      for number in signals { sigaddset(&received, number) }
      pthread_sigmask(SIG_UNBLOCK, &received, nil)
      var number: UInt8 = 0
      while true {
        if read(incoming, &number, 1) == 1 { receive(Int32(number)) }
      }
    }
    guard isStarted else { return }
    for number in signals {
      signal(number) { number in
        var byte = UInt8(truncatingIfNeeded: number)
        let error = errno
        _ = write(Interruption.mailbox, &byte, 1)
        errno = error
      }
    }
  }

  /// Runs `body`, which writes outputs.
  public static func whileWriting<Result>(_ body: () throws -> Result) rethrows -> Result {
    state.withLock { $0.isWriting = true }
    defer {
      let pending = state.withLock { state in
        state.isWriting = false
        return state.pending
      }
      if let pending { end(by: pending) }
    }
    return try body()
  }

  /// Whether an interrupt waits for `whileWriting` to end: long work can come to a good end first.
  public static var isPending: Bool { state.withLock { $0.pending != nil } }

  private static func receive(_ number: Int32) {
    let waits = state.withLock { state in
      defer { state.pending = number }
      return state.isWriting && state.pending == nil
    }
    if !waits { end(by: number) }
  }

  /// Ends as the signal would have, so that a shell sees what happened. Unfinished outputs go with
  /// it.
  private static func end(by number: Int32) {
    signal(number, SIG_DFL)
    TemporaryFiles.removeAll {
      kill(getpid(), number)
      while true { pause() }
    }
  }

  /// Whether the signal was ignored from the start, as it is under `nohup` and in the background of
  /// a script; it must stay so.
  private static func isIgnored(_ number: Int32) -> Bool {
    let before = unsafeBitCast(signal(number, SIG_DFL), to: Int.self)
    guard before == unsafeBitCast(SIG_IGN, to: Int.self) else { return false }
    signal(number, SIG_IGN)
    return true
  }
}
