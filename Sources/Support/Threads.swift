#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Starts a detached thread. False where the system refuses.
func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
  final class Body: Sendable {
    let call: @Sendable () -> Void
    init(_ call: @escaping @Sendable () -> Void) { self.call = call }
  }
  let context = Unmanaged.passRetained(Body(body))
  #if canImport(Darwin)
    var thread: pthread_t?
    let status = pthread_create(
      &thread, nil,
      { context in
        Unmanaged<Body>.fromOpaque(context).takeRetainedValue().call()
        return nil
      }, context.toOpaque())
    if status == 0, let thread { pthread_detach(thread) }
  #else
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().call() }
        return nil
      }, context.toOpaque())
    if status == 0 { pthread_detach(thread) }
  #endif
  if status != 0 { context.release() }
  return status == 0
}

/// Lets another thread have the processor.
func yieldProcessor() { sched_yield() }

/// Where threads sleep until somebody wakes them.
final class Door: @unchecked Sendable {
  private let mutex = PlainMutex()
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() { pthread_cond_init(condition, nil) }

  deinit {
    pthread_cond_destroy(condition)
    condition.deallocate()
  }

  /// Sleeps until `isOpen` holds, which is looked at before and after every sleep.
  func sleep(until isOpen: () -> Bool) {
    mutex.lock()
    while !isOpen() { pthread_cond_wait(condition, mutex.pointer) }
    mutex.unlock()
  }

  func wakeAll() {
    mutex.lock()
    pthread_cond_broadcast(condition)
    mutex.unlock()
  }

  /// As it was made, with no thread asleep; only where no other thread is left.
  func reset() {
    mutex.reset()
    pthread_cond_init(condition, nil)
  }
}
