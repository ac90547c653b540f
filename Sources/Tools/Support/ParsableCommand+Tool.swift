import ArgumentParser
import Foundation
import Support

extension ParsableCommand {
  /// Runs the program with its arguments, and ends it with a status of BSD's sysexits where it
  /// cannot go on.
  package static func runAsTool() {
    Interruption.install()
    WarningReport.start(for: configuration.commandName ?? "")
    // A file beyond `ulimit -f` is a write that fails, with an error that names the file.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as InputError {
      ErrorReport.print(error, of: configuration.commandName ?? "")
      Foundation.exit(ErrorReport.code(of: error))
    } catch {
      exit(withError: error)
    }
  }
}
