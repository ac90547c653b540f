import Foundation
import LatticeSupport
import Synchronization

/// Errors on standard error, and their exit codes.
package enum ErrorReport {
  /// - Parameter tool: the program that cannot go on.
  package static func print(_ error: InputError, of tool: String) {
    StandardError.write("\(tool): \(error.programText)\n")
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
///
/// What is said of one file of a folder is not said again of every other: one line tells that there
/// are more.
package enum WarningReport {
  /// What has been said.
  private struct Seen {
    var all: [InputWarning] = []
    var known: Set<InputWarning> = []
    /// How many warnings had the same words, whatever their places.
    var counts: [InputWarning: Int] = [:]

    /// - Returns: the how-manieth of these words it is; 0 for a warning that is known.
    mutating func add(_ warning: InputWarning) -> Int {
      guard known.insert(warning).inserted else { return 0 }
      all.append(warning)
      let words = InputWarning(warning.problem, remedy: warning.remedy)
      counts[words, default: 0] += 1
      return counts[words, default: 0]
    }
  }

  private static let seen = Mutex(Seen())

  /// All warnings so far, in their order.
  package static var all: [InputWarning] { seen.withLock { $0.all } }

  /// Prints warnings from now on.
  ///
  /// - Parameter tool: the program, for messages.
  package static func start(for tool: String) {
    InputWarning.listen { warning in
      switch seen.withLock({ $0.add(warning) }) {
      case 1: StandardError.write("\(tool): warning: \(warning.text(in: .ofProgram))\n")
      case 2:
        StandardError.write(
          "\(tool): warning: the same goes for \(warning.place ?? "others"), and for any others "
            + "that follow\n")
      default: break
      }
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
