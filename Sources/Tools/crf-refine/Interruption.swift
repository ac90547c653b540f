import Foundation
import Support
import Synchronization

/// Lets an interrupt (SIGINT, SIGTERM) end the program between outputs, never within them.
///
/// While outputs are put in their places, the first interrupt waits until they are complete; a second one ends the
/// program at once, since a pipe may keep the writer waiting.
enum Interruption {
  private struct State {
    var isWriting = false
    var pending: Int32?
  }

  private static let state = Mutex(State())

  /// Call it first: threads that are started later must not receive the signals either.
  static func install() {
    let signals = [SIGINT, SIGTERM].filter { !isIgnored($0) }
    guard !signals.isEmpty else { return }
    var blocked = set(of: signals)
    pthread_sigmask(SIG_BLOCK, &blocked, nil)
    Thread.detachNewThread {
      var awaited = set(of: signals)
      while true {
        var signal: Int32 = 0
        if sigwait(&awaited, &signal) == 0 { receive(signal) }
      }
    }
  }

  /// Runs `body`, which writes outputs.
  static func whileWriting<Result>(_ body: () throws -> Result) rethrows -> Result {
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

  private static func receive(_ signal: Int32) {
    let waits = state.withLock { state in
      defer { state.pending = signal }
      return state.isWriting && state.pending == nil
    }
    if !waits { end(by: signal) }
  }

  /// Ends as the signal would have, so that a shell sees what happened. Unfinished outputs go with it.
  private static func end(by signal: Int32) {
    TemporaryFiles.removeAll()
    Foundation.signal(signal, SIG_DFL)
    var unblocked = set(of: [signal])
    pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
    raise(signal)
  }

  /// Whether the signal was ignored from the start, as it is under `nohup` and in the background of a
  /// script; it must stay so.
  private static func isIgnored(_ number: Int32) -> Bool {
    let before = unsafeBitCast(signal(number, SIG_DFL), to: Int.self)
    guard before == unsafeBitCast(SIG_IGN, to: Int.self) else { return false }
    signal(number, SIG_IGN)
    return true
  }

  private static func set(of signals: [Int32]) -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    return set
  }
}
