#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An output file that appears whole or not at all.
///
/// Bytes go to a temporary file in the folder of the output, which `commit()` renames over it.
/// Whatever stood there stays untouched until then, and an output that is never committed leaves
/// nothing behind. An output that exists and is not a regular file (a pipe, `/dev/stdout`,
/// `/dev/null`) is written directly.
package final class AtomicOutput {
  /// The path as it was given, for messages.
  package let path: String
  /// Where the bytes finally stand: `path` with its symbolic links followed.
  private let target: String
  /// The file that is renamed at the end; `nil` where the output is written directly.
  private let temporary: String?
  private var descriptor: Int32

  /// - Throws: `InputError` of kind `.cannotCreate` where no file can be made there.
  package init(_ path: String) throws {
    self.path = path
    let destination = try OutputDestination(path)
    target = destination.target
    if destination.isDirect {
      temporary = nil
      // Appending serves `> file` and `>> file` alike where the output is the shell's own file.
      descriptor = retrying {
        destination.target.withSystemPath { open($0, O_WRONLY | O_APPEND | O_CLOEXEC) }
      }
      guard descriptor >= 0 else { throw Self.cannotCreate(path, reason: systemMessage()) }
      return
    }
    (descriptor, temporary) = try Self.openTemporary(beside: destination.target, for: path)
    if let permissions = destination.permissions {
      // Best effort: without it the new file merely gets the permissions of any new file.
      _ = fchmod(descriptor, permissions)
    }
  }

  deinit { discard() }

  /// Writes an output in one go: `body` writes the bytes, and if it does not throw they are
  /// committed.
  package static func write<Result>(
    to path: String, _ body: (AtomicOutput) throws -> Result
  ) throws -> Result {
    let output = try AtomicOutput(path)
    let result = try body(output)
    try output.commit()
    return result
  }

  /// Appends `bytes`.
  ///
  /// - Throws: `InputError` of kind `.io` where they cannot be written, as on a full disk.
  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    precondition(descriptor >= 0, "\(path) is written after it was committed")
    guard writeAll(bytes, to: descriptor) else { throw writeFailure(systemMessage()) }
  }

  /// Whether it is not an ordinary file: a pipe, `/dev/stdout`. Bytes are then on their way at
  /// once.
  package var isDirect: Bool { temporary == nil }

  /// Writes `bytes` from byte `offset` of the file on, which need not be its end.
  ///
  /// The output must not be direct. What is never written is 0 up to the last byte that is.
  /// - Throws: `InputError` of kind `.io` where they cannot be written, as on a full disk.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    precondition(descriptor >= 0 && !isDirect, "\(path) cannot be written at byte \(offset)")
    var done = 0
    while done < bytes.count {
      let written = retrying {
        pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      }
      guard written > 0 else { throw writeFailure(systemMessage()) }
      done += written
    }
  }

  /// Appends `bytes`.
  package func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try write($0) }
  }

  /// Appends `text` as UTF-8.
  package func write(_ text: String) throws {
    try write(Array(text.utf8))
  }

  /// Puts the file in its place. Nothing can be written after it.
  ///
  /// - Throws: `InputError` of kind `.io` where the last bytes cannot be written or the file cannot
  ///   be renamed; the temporary file is gone then.
  package func commit() throws {
    precondition(descriptor >= 0, "\(path) is committed twice")
    // Some file systems report a full disk only here.
    let closed = close(descriptor)
    let reason = systemMessage()
    descriptor = -1
    guard let temporary else {
      if closed != 0 { throw writeFailure(reason) }
      return
    }
    guard closed == 0 else {
      TemporaryFiles.remove(temporary)
      throw writeFailure(reason)
    }
    let renamed = temporary.withSystemPath { from in
      target.withSystemPath { rename(from, $0) }
    }
    guard renamed == 0 else {
      let reason = systemMessage()
      TemporaryFiles.remove(temporary)
      throw writeFailure(reason)
    }
    TemporaryFiles.forget(temporary)
  }

  private func discard() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    if let temporary { TemporaryFiles.remove(temporary) }
  }

  private func writeFailure(_ reason: String) -> InputError {
    InputError(
      .io, at: path, "cannot be written: \(reason)",
      remedy: "nothing was changed; check the space and the quota of the disk")
  }

  fileprivate static func cannotCreate(_ path: String, reason: String) -> InputError {
    InputError(
      .cannotCreate, at: path, "cannot be created: \(reason)",
      remedy: "check that its folder exists and may be written to")
  }

  private static func openTemporary(
    beside target: String, for path: String
  ) throws -> (Int32, String) {
    let folder = OutputDestination.folder(of: target)
    // A name of its own length, because the output's name may already be as long as names can be.
    for _ in 0..<100 {
      let unique = String(UInt64.random(in: 0...UInt64.max), radix: 36)
      let temporary = folder + ".\(getpid())-\(unique).tmp"
      let descriptor = TemporaryFiles.open(temporary)
      if descriptor >= 0 { return (descriptor, temporary) }
      guard errno == EEXIST else { break }
    }
    throw cannotCreate(path, reason: systemMessage())
  }
}

/// Where an output goes once its symbolic links are followed, and how it is to be written.
private struct OutputDestination {
  var target: String
  var isDirect = false
  /// Those of the file that is replaced.
  var permissions: mode_t?

  init(_ path: String) throws {
    target = path
    guard !path.isEmpty, !path.hasSuffix("/") else {
      throw AtomicOutput.cannotCreate(path, reason: "it is not the name of a file")
    }
    var status = stat()
    guard path.withSystemPath({ stat($0, &status) }) == 0 else {
      // A link to a file that does not exist yet is followed, so that the link stays a link.
      guard errno == ENOENT else { throw AtomicOutput.cannotCreate(path, reason: systemMessage()) }
      try followLinks(of: path)
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
      throw InputError(
        .cannotCreate, at: path, "is a folder, but a file is to be written",
        remedy: "name a file in it")
    case S_IFREG:
      guard path.withSystemPath({ access($0, W_OK) }) == 0 else {
        throw AtomicOutput.cannotCreate(path, reason: systemMessage())
      }
      permissions = status.st_mode & 0o777
      try followLinks(of: path)
    default:
      isDirect = true
    }
  }

  static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }

  private mutating func followLinks(of path: String) throws {
    // As many as Linux itself follows.
    for _ in 0..<40 {
      // The shell's own open file: a rename would take it away from under the shell.
      if target.hasPrefix("/proc/") || target.hasPrefix("/dev/fd/") {
        isDirect = true
        return
      }
      guard let next = Self.link(at: target) else { return }
      target = next.hasPrefix("/") ? next : Self.folder(of: target) + next
    }
    throw AtomicOutput.cannotCreate(path, reason: "its symbolic links go round in a circle")
  }

  /// What the symbolic link `path` says; `nil` where it is none.
  private static func link(at path: String) -> String? {
    let limit = Int(PATH_MAX)
    let text = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      count = buffer.withMemoryRebound(to: CChar.self) { buffer in
        max(0, path.withSystemPath { readlink($0, buffer.baseAddress!, limit) })
      }
    }
    return text.isEmpty ? nil : String(systemPath: text)
  }
}
