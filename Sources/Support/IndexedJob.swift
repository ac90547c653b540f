import Synchronization

/// A loop over `0..<count` that several threads share: an idle thread takes the next index.
struct IndexedJob: ~Copyable, @unchecked Sendable {
  private let count: Int
  private let next = Atomic<Int>(0)
  private let body: (Int) -> Void

  private init(count: Int, body: @escaping (Int) -> Void) {
    self.count = count
    self.body = body
  }

  /// Calls `share` with a job that calls `body`, which must not be in use when `share` returns.
  ///
  /// The caller's promise (disjoint writes) is what makes it safe for threads to share the closure.
  static func withJob(
    count: Int, _ body: (Int) -> Void, share: (UnsafePointer<IndexedJob>) -> Void
  ) {
    withoutActuallyEscaping(body) { body in
      let job = IndexedJob(count: count, body: body)
      withUnsafePointer(to: job) { share($0) }
    }
  }

  /// Takes indices as long as there are any.
  ///
  /// Never inlined: whatever it retains of the closure is released when it returns, not after its
  /// caller has said that it is done.
  @inline(never)
  borrowing func work() {
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < count else { return }
      body(index)
    }
  }
}
