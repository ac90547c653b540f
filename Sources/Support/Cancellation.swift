import CKernels

/// Whether the call that this thread is in ought to end early, with nothing done.
///
/// A caller sets a flag for its thread, and raises it from another thread or a signal handler. Long
/// loops look at it between their parts.
package enum Cancellation {
  /// A number that is no longer 0 once the call is cancelled.
  package struct Flag: @unchecked Sendable {
    package let address: UnsafePointer<Int32>

    /// Whether the call is cancelled.
    package var isSet: Bool { ck_flag_is_set(address) }
  }

  /// That of this thread; `nil` where calls are not cancelled.
  package static var flag: Flag? { ck_cancel_flag().map { Flag(address: $0) } }

  /// Makes `address` this thread's flag.
  package static func use(_ address: UnsafePointer<Int32>?) { ck_set_cancel_flag(address) }

  /// Whether this thread's call is cancelled.
  package static var isRequested: Bool { flag?.isSet ?? false }

  /// - Throws: `CallCancelled` where it is.
  package static func check() throws {
    if isRequested { throw CallCancelled() }
  }
}

/// What a cancelled call ends with.
package struct CallCancelled: Error { package init() {} }
