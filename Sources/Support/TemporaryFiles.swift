#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
import Synchronization

/// The unfinished outputs of this process, so that a program that is to end can leave none behind.
package enum TemporaryFiles {
  private static let paths = Mutex<Set<String>>([])

  /// Creates the file `path`, which must not exist. Returns its descriptor, or -1 and `errno`.
  static func open(_ path: String) -> Int32 {
    paths.withLock { paths in
      let descriptor = retrying {
        systemOpen(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      }
      if descriptor >= 0 { paths.insert(path) }
      return descriptor
    }
  }

  /// Removes the file `path`.
  static func remove(_ path: String) {
    _ = path.withSystemPath { unlink($0) }
    forget(path)
  }

  /// Takes note that there is no file `path` any more.
  static func forget(_ path: String) {
    _ = paths.withLock { $0.remove(path) }
  }

  /// Removes all of them, and then calls `end`, which ends the process. Any thread may call it; no
  /// new ones are made meanwhile.
  package static func removeAll(andThen end: () -> Never) -> Never {
    paths.withLock { paths in
      for path in paths { _ = path.withSystemPath { unlink($0) } }
      paths = []
      end()
    }
  }
}

private func systemOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
  path.withSystemPath { open($0, flags, mode) }
}
