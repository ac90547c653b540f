#if os(Linux)
  import Foundation

  /// What this process takes of the machine.
  package enum ProcessFigures {
    /// Files that are open.
    package static func openDescriptors() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    /// The largest amount of memory that the process ever had, in MB.
    package static func peakMemory() throws -> Int {
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
      guard let kilobytes, let number = Int(kilobytes) else { throw CocoaError(.fileReadUnknown) }
      return number / 1024
    }
  }
#endif
