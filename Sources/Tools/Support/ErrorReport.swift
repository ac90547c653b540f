import ArgumentParser
import DeepLabNet
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
  /// Whether what is written to `path` mixes with what is printed.
  package static func isNamed(by path: String) -> Bool {
    ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].contains(path)
  }

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

extension ParsableCommand {
  /// Runs the program with its arguments, and ends it with a status of BSD's sysexits where it
  /// cannot go on.
  ///
  /// - Parameters:
  ///   - program: the program's name, where the command is a part of it.
  ///   - arguments: what the command gets; `nil` for all of the program's.
  package static func runAsTool(of program: String? = nil, with arguments: [String]? = nil) {
    let name = program ?? configuration.commandName ?? ""
    Interruption.install()
    TensorScores.register()
    WarningReport.start(for: name)
    // A file beyond `ulimit -f` is a write that fails, with an error that names the file.
    signal(SIGXFSZ, SIG_IGN)
    do {
      let arguments = arguments ?? programArguments()
      try PluginOptions.load(in: arguments)
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch let error as InputError {
      ErrorReport.print(error, of: name)
      Foundation.exit(ErrorReport.code(of: error))
    } catch {
      end(with: error)
    }
  }

  /// Says what is wrong with the arguments, or what was asked for instead of a run.
  private static func end(with error: any Error) -> Never {
    let text = fullMessage(for: error)
    let readable = SystemPath.readable(text)
    guard readable != text else { exit(withError: error) }
    StandardError.write(readable + "\n")
    Foundation.exit(exitCode(for: error).rawValue)
  }
}

/// Objects as this package's programs write them.
package enum JSONObject {
  /// JSON of several lines, with its members sorted.
  package static func text(of object: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(object), as: UTF8.self)
  }

  /// Writes the object to a file, which appears whole or not at all.
  package static func write(_ object: some Encodable, to path: String) throws {
    let text = try text(of: object) + "\n"
    try AtomicOutput.write(to: path) { try $0.write(text) }
  }
}
