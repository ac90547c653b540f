import LatticeSupport
import Synchronization

/// The warnings about files of one folder, whatever other tests do meanwhile.
package enum Warnings {
  private static let all: Mutex<[InputWarning]> = {
    InputWarning.listen { warning in all.withLock { $0.append(warning) } }
    return Mutex([])
  }()

  /// Listens from now on.
  package static func listen() { all.withLock { _ in } }

  /// What was said of files whose paths begin so.
  package static func about(_ path: String) -> [InputWarning] {
    all.withLock { $0.filter { $0.place?.hasPrefix(path) == true } }
  }
}
