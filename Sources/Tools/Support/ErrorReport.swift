import Foundation
import Support
import Synchronization

/// Errors on standard error, and their exit codes.
package enum ErrorReport {
  /// - Parameter tool: the program that cannot go on.
  package static func print(_ error: InputError, of tool: String) {
    StandardError.write("\(tool): \(error)\n")
  }

  /// The codes of BSD's sysexits.
  package static func code(of error: InputError) -> Int32 {
    switch error.kind {
    case .usage: 64
    case .data: 65
    case .noInput: 66
    case .cannotCreate: 73
    case .io: 74
    }
  }
}

/// Warnings on standard error, each text once, whatever `--quiet` says.
package enum WarningReport {
  private static let seen = Mutex<[InputWarning]>([])

  /// All warnings so far, in their order.
  package static var all: [InputWarning] { seen.withLock { $0 } }

  /// Prints warnings from now on.
  ///
  /// - Parameter tool: the program, for messages.
  package static func start(for tool: String) {
    InputWarning.listen { warning in
      let isNew = seen.withLock { seen in
        guard !seen.contains(warning) else { return false }
        seen.append(warning)
        return true
      }
      if isNew { StandardError.write("\(tool): warning: \(warning)\n") }
    }
  }
}

/// Text for people or programs.
package enum StandardOutput {
  /// Prints text for people.
  ///
  /// - Throws: `InputError` of kind `.io` where nobody takes the text.
  package static func print(_ text: String) throws { try write(SystemPath.readable(text)) }

  private static func write(_ text: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    } catch {
      throw InputError(
        .io, at: "standard output", "cannot be written", remedy: "check where it leads to")
    }
  }

  /// Prints one JSON object, with its members sorted.
  package static func print(json object: some Encodable) throws {
    try print(json: JSONObject.text(of: object))
  }

  /// Prints JSON, whose names are those of files whatever their bytes.
  package static func print(json text: String) throws { try write(text) }
}

/// Text about the work itself.
package enum StandardError {
  /// Text that nobody takes is no reason to stop.
  package static func write(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(SystemPath.readable(text).utf8))
  }
}
