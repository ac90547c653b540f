import COpenBLAS
import Synchronization

/// Keeps OpenBLAS from starting threads of its own inside ours.
enum BLASThreads {
  /// How many callers hold it now, and the number of threads to give back.
  private static let state = Mutex((holders: 0, previous: Int32(1)))

  /// Runs `body` while OpenBLAS uses one thread a call.
  static func heldToOne(_ body: () -> Void) {
    state.withLock { state in
      if state.holders == 0 {
        state.previous = openblas_get_num_threads()
        openblas_set_num_threads(1)
      }
      state.holders += 1
    }
    defer {
      state.withLock { state in
        state.holders -= 1
        if state.holders == 0 { openblas_set_num_threads(state.previous) }
      }
    }
    body()
  }
}
