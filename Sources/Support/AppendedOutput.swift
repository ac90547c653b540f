#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An output that grows while work goes on, such as a log.
package enum AppendedOutput {
  /// Appends `text` as UTF-8 to the file at `path`, which is there.
  ///
  /// - Parameter remedy: what helps where there is no room, for the message.
  /// - Throws: `InputError` of kind `.io` where it cannot be written, as on a full disk; a part of
  ///   it may have been.
  package static func append(_ text: String, to path: String, remedy: String) throws {
    func failure() -> InputError {
      InputError(.io, at: path, "cannot be written: \(systemMessage())", remedy: remedy)
    }
    let descriptor = retrying {
      path.withSystemPath { open($0, O_WRONLY | O_APPEND | O_CLOEXEC) }
    }
    guard descriptor >= 0 else { throw failure() }
    let isWritten = Array(text.utf8).withUnsafeBytes { writeAll($0, to: descriptor) }
    let error = isWritten ? nil : failure()
    // Some file systems report a full disk only here.
    guard close(descriptor) == 0 || error != nil else { throw failure() }
    if let error { throw error }
  }
}
