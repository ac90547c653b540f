import Foundation
import Support

/// Errors on standard error, and their exit codes.
enum ErrorReport {
  static func print(_ error: InputError) {
    StandardError.write("crf-refine: \(error)\n")
  }

  static func exit(with error: InputError) -> Never {
    Foundation.exit(code(of: error))
  }

  /// The codes of BSD's sysexits.
  static func code(of error: InputError) -> Int32 {
    switch error.kind {
    case .usage: 64
    case .data: 65
    case .noInput: 66
    case .cannotCreate: 73
    case .io: 74
    }
  }
}

/// Text for people or programs.
enum StandardOutput {
  /// - Throws: `InputError` of kind `.io` where nobody takes the text.
  static func print(_ text: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    } catch {
      throw InputError(
        .io, at: "standard output", "cannot be written", remedy: "check where it leads to")
    }
  }
}

/// Text about the work itself.
enum StandardError {
  /// Text that nobody takes is no reason to stop.
  static func write(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
}
