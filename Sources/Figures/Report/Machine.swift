import Formats
import Foundation

/// What a program runs on.
enum Machine {
  /// The processor, how many there are, the memory and the system.
  static var description: String {
    let process = ProcessInfo.processInfo
    let memory = Double(process.physicalMemory) / Double(1 << 30)
    let parts: [String?] = [
      processor, "\(process.activeProcessorCount) processors",
      String(format: "%.0f GiB of memory", memory), process.operatingSystemVersionString,
    ]
    return parts.compactMap { $0 }.joined(separator: ", ")
  }

  /// What Linux calls the processor; `nil` elsewhere.
  private static var processor: String? {
    let limit = 1 << 24
    guard let text = try? TextFile.read("/proc/cpuinfo", as: "a list of processors", upTo: limit)
    else { return nil }
    return text.split(separator: "\n").first { $0.hasPrefix("model name") }
      .flatMap { $0.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) }
  }
}
