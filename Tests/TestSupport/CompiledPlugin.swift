import Foundation
import LatticeSupport

/// Shared libraries that tests compile from C, where there is a compiler.
package enum CompiledPlugin {
  /// The C compiler of the toolchain or of the system; `nil` where there is none.
  package static let compiler: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    for name in ["cc", "clang", "gcc"] {
      for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)")
      {
        return "\(folder)/\(name)"
      }
    }
    return nil
  }()

  private struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Compiles a file of C into a folder.
  ///
  /// - Parameters:
  ///   - source: its path.
  ///   - options: of the compiler.
  ///   - output: where the result goes.
  package static func compile(
    _ source: String, _ options: [String] = ["-shared"], to output: String
  ) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: compiler ?? "/usr/bin/cc")
    process.arguments =
      ["-O2", "-fPIC", "-fvisibility=hidden", "-I", Shared.projectRoot + headerFolder]
      + options + ["-o", output, source] + (options.contains("-c") ? [] : ["-lm"])
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: "\(source) cannot be compiled")
    }
  }

  private static let headerFolder = "/Sources/PluginHeader/include"

  /// The template with a kind of everything, in a folder of its own.
  package static let example = Result<String, any Error> {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "latticecrf-plugin-\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let library = folder.appendingPathComponent("libexample.so").path
    try compile(Shared.projectRoot + "/Examples/PluginC/plugin.c", to: library)
    return library
  }
}
