import Lattice
import LatticeCHeader
import LatticeSupport

/// A call that cannot be done: what its status is, and the sentence that says why.
struct CallError: Error {
  let status: latticecrf_status
  let text: String

  init(_ status: Int, _ text: String) {
    self.status = latticecrf_status(status)
    self.text = text
  }

  /// The same, naming the kernel that is at fault.
  func at(_ place: String) -> CallError { CallError(Int(status), "\(place): \(text)") }

  static func argument(_ text: String) -> CallError {
    CallError(LATTICECRF_INVALID_ARGUMENT, text)
  }

  static func data(_ text: String) -> CallError { CallError(LATTICECRF_INVALID_DATA, text) }

  /// What any error of the modules below comes to in C.
  init(_ error: any Error) {
    switch error {
    case let error as CallError: self = error
    case is CallCancelled:
      self.init(LATTICECRF_CANCELLED, "the call was cancelled: nothing was changed or written")
    case let error as LatticeError: self.init(Self.status(of: error), error.description)
    case let error as InputError:
      self.init(
        error.kind == .usage ? LATTICECRF_INVALID_ARGUMENT : LATTICECRF_INVALID_DATA,
        error.text(in: .c))
    default: self.init(LATTICECRF_INVALID_ARGUMENT, "\(error)")
    }
  }

  private static func status(of error: LatticeError) -> Int {
    switch error {
    case .notFinite: LATTICECRF_INVALID_DATA
    case .outOfMemory: LATTICECRF_OUT_OF_MEMORY
    case .keyOverflow, .tooManyVertices, .unsupported: LATTICECRF_UNSUPPORTED
    }
  }
}

/// Does a call's work; turns what it throws into a status and the thread's last error.
func call(_ body: () throws -> Void) -> latticecrf_status {
  do {
    try body()
    return latticecrf_status(LATTICECRF_OK)
  } catch {
    let failure = CallError(error)
    latticecrf_keep_error(failure.text)
    return failure.status
  }
}
