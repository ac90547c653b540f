import Dispatch
import Foundation
import Synchronization

/// Lets an interrupt (SIGINT, SIGTERM) end the program between outputs, never within them.
///
/// While outputs are written, the first interrupt waits until they are complete; a second one ends the
/// program at once, since a pipe may keep the writer waiting.
enum Interruption {
  private struct State {
    var isWriting = false
    var pending: Int32?
  }

  private static let state = Mutex(State())
  private static let queue = DispatchQueue(label: "interruption")
  /// What listens for the signals that somebody may send: those that were not ignored from the start,
  /// as they are under `nohup` and in the background of a script.
  /// Made once, kept for as long as the program runs, and never changed.
  private nonisolated(unsafe) static let sources = [SIGINT, SIGTERM].compactMap { number in
    let before = unsafeBitCast(signal(number, SIG_IGN), to: Int.self)
    guard before != unsafeBitCast(SIG_IGN, to: Int.self) else {
      return nil as DispatchSourceSignal?
    }
    let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
    source.setEventHandler { receive(number) }
    return source
  }

  static func install() {
    for source in sources { source.activate() }
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

  /// Ends as the signal would have, so that a shell sees what happened.
  private static func end(by signal: Int32) {
    Foundation.signal(signal, SIG_DFL)
    kill(getpid(), signal)
  }
}
