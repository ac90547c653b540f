import ArgumentParser
import Foundation
import LatticeSupport

extension ParsableCommand {
  /// Runs the program with its arguments, and ends it with a status of BSD's sysexits where it
  /// cannot go on.
  package static func runAsTool() {
    Interruption.install()
    WarningReport.start(for: configuration.commandName ?? "")
    // A file beyond `ulimit -f` is a write that fails, with an error that names the file.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try parseAsRoot(programArguments())
      try command.run()
    } catch let error as InputError {
      ErrorReport.print(error, of: configuration.commandName ?? "")
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
