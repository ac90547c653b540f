import Formats
import Foundation
import LatticeSupport
import Synchronization

/// Where a search keeps its finished evaluations, and what they depend on.
public struct SearchState: Sendable {
  /// The file, which need not be there.
  public let path: String
  /// What evaluations depend on beside their settings and the contents of files, by names that
  /// messages use: how files are read, the model that holds where nothing is varied.
  public let conditions: [String: String]

  /// - Parameters:
  ///   - path: the file, which need not be there.
  ///   - conditions: what evaluations depend on beside their settings and the contents of files, by
  ///     names that messages use. A file with other conditions is refused.
  public init(_ path: String, conditions: [String: String]) {
    self.path = path
    self.conditions = conditions
  }
}

/// What the lines of a state are, and what messages call them.
package struct StateFormat: Sendable {
  /// What the first line says.
  let name: String
  /// What it said in versions whose lines cannot be taken over.
  let older: [String]
  /// Whose state it is: `search`.
  let subject: String
  /// What a line is: `an evaluation`.
  let entry: String

  package init(name: String, older: [String] = [], subject: String, entry: String) {
    self.name = name
    self.older = older
    self.subject = subject
    self.entry = entry
  }
}

/// What evaluations depend on besides their settings.
package struct StateHeader {
  /// How files are read and solved, by name.
  var conditions: [String: String]
  /// A fingerprint of the files of each image, by their stem.
  var images: [String: String]

  /// - Parameters:
  ///   - conditions: how files are read and solved, by name.
  ///   - images: what is evaluated.
  ///   - state: where evaluations are kept; `nil` saves the fingerprints.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where a file cannot be read.
  package init(
    conditions: [String: String], images: [TuningImage], of state: SearchState?,
    parallelism: Parallelism
  ) throws {
    self.conditions = conditions
    let prints =
      try state == nil
      ? [] : parallelism.map(images.count) { try Fingerprint.of(images[$0].files) }
    self.images = Dictionary(uniqueKeysWithValues: zip(images.map(\.name), prints))
  }
}

/// Finished evaluations on disk, so that work that was stopped goes on where it was.
///
/// Lines of JSON: the first says which files were looked at and how, each other is an evaluation.
/// Lines are appended whole; what a crash leaves of a line is dropped.
package final class StateFile<Entry: Codable & Sendable>: Sendable {
  /// The first line.
  private struct Header: Codable {
    var format: String
    var conditions: [String: String]
    var images: [String: String]
  }

  private let path: String
  private let handle: Mutex<FileHandle>

  /// Opens the file at `path`, or makes it.
  ///
  /// - Parameters:
  ///   - format: what its lines are.
  ///   - header: what evaluations depend on.
  ///   - visit: is given every evaluation that the file holds; what it throws is said of its line.
  /// - Throws: `InputError` where the file is damaged, belongs to other inputs, or is in use.
  package init(
    _ path: String, _ format: StateFormat, header: StateHeader, visit: (Entry) throws -> Void
  ) throws {
    self.path = path
    let handle = try Self.open(path)
    guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw InputError(
        .cannotCreate, at: path, "is in use by another run",
        remedy: "wait for it, or name another file")
    }
    let first = Header(
      format: format.name, conditions: header.conditions, images: header.images)
    try Self.begin(path, handle, with: first)
    let length = try Self.read(path, format, first, visit)
    do {
      try handle.truncate(atOffset: UInt64(length))
      try handle.seekToEnd()
    } catch {
      throw Self.failure(path)
    }
    self.handle = Mutex(handle)
  }

  /// Opens the file, or makes an empty one: of two runs that do so at once, both have the same.
  private static func open(_ path: String) throws -> FileHandle {
    let descriptor = path.withSystemPath {
      Foundation.open($0, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o666)
    }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: descriptor >= 0)
    guard descriptor >= 0, FolderListing.isFile(path) else {
      throw InputError(
        .cannotCreate, at: path, "cannot be opened for reading and writing",
        remedy: "name another file")
    }
    return handle
  }

  /// Writes the first line of a file that is empty; whoever calls holds its lock.
  private static func begin(_ path: String, _ handle: FileHandle, with header: Header) throws {
    try Interruption.whileWriting {
      do {
        guard try handle.seekToEnd() == 0 else { return }
        try handle.write(contentsOf: Data(try line(header).utf8))
      } catch {
        try? handle.truncate(atOffset: 0)
        throw failure(path)
      }
    }
  }

  /// Appends evaluations. May be called on several threads.
  ///
  /// - Throws: `InputError` of kind `.io` where they cannot be written; the file is as it was then.
  package func append(_ entries: [Entry]) throws {
    let text = try entries.map(Self.line).joined()
    try handle.withLock { handle in
      try Interruption.whileWriting {
        let end = try? handle.offset()
        do {
          try handle.write(contentsOf: Data(text.utf8))
        } catch {
          if let end { try? handle.truncate(atOffset: end) }
          throw Self.failure(path)
        }
      }
    }
  }

  /// - Returns: the length of the lines that are whole.
  private static func read(
    _ path: String, _ format: StateFormat, _ header: Header, _ visit: (Entry) throws -> Void
  ) throws -> Int {
    guard let bytes = FileSource.contents(path) else {
      throw InputError(.noInput, at: path, "cannot be read", remedy: "check its permissions")
    }
    let data = Data(bytes)
    let decoder = JSONDecoder()
    var (start, number) = (data.startIndex, 1)
    while let end = data[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = data[start..<end]
      if number == 1 {
        try check(try? decoder.decode(Header.self, from: line), header, path, format)
      } else {
        do {
          try visit(try decoder.decode(Entry.self, from: line))
        } catch {
          let problem = (error as? InputError)?.problem ?? "it is not \(format.entry)"
          throw damaged(path, format, "line \(number): \(problem)")
        }
      }
      (start, number) = (end + 1, number + 1)
    }
    guard number > 1 else { throw damaged(path, format, "it has no first line") }
    return start - data.startIndex
  }

  private static func check(
    _ found: Header?, _ expected: Header, _ path: String, _ format: StateFormat
  ) throws {
    if let found, format.older.contains(found.format) {
      throw InputError(
        .data, at: path,
        "is of an earlier version of crf-tune, whose evaluations cannot be taken over",
        remedy: "name another file, or remove this one")
    }
    guard let found, found.format == expected.format else {
      throw damaged(path, format, "line 1 does not say '\(expected.format)'")
    }
    func refusal(_ problem: String) -> InputError {
      InputError(
        .data, at: path, "belongs to another \(format.subject): " + problem,
        remedy: "name another file, or remove this one")
    }
    let names = Set(expected.conditions.keys).union(found.conditions.keys).sorted()
    for name in names where found.conditions[name] != expected.conditions[name] {
      let (before, now) = (found.conditions[name], expected.conditions[name])
      throw refusal("\(name) was \(before ?? "not given"), and is \(now ?? "not given") now")
    }
    let lost = found.conditions.filter { expected.conditions[$0.key] == nil }
    if let (name, value) = lost.min(by: { $0.key < $1.key }) {
      throw refusal("\(name) was \(value), and is not given now")
    }
    for (name, fingerprint) in expected.images.sorted(by: { $0.key < $1.key }) {
      guard let before = found.images[name] else { throw refusal("'\(name)' was not in it") }
      guard before == fingerprint else { throw refusal("the files of '\(name)' have changed") }
    }
    if let name = found.images.keys.sorted().first(where: { expected.images[$0] == nil }) {
      throw refusal("'\(name)' was in it, and is missing now")
    }
  }

  private static func damaged(
    _ path: String, _ format: StateFormat, _ problem: String
  ) -> InputError {
    InputError(
      .data, at: path, "is not the state of a \(format.subject), or is damaged: " + problem,
      remedy: "name another file, or remove this one")
  }

  private static func failure(_ path: String) -> InputError {
    InputError(
      .io, at: path, "cannot be written",
      remedy: "what was finished before is kept; check the space of the disk, and run again")
  }

  private static func line(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
  }
}
