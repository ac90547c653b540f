import LatticeSupport

/// How sequences are refined.
public struct SequenceSettings: Sendable, Equatable {
  /// Frames of a window, at least 2.
  public var window: Int
  /// Frames that neighbouring windows share, below `window`.
  public var overlap: Int
  /// The bandwidth of time in frames, above 0, for kernels that have none of their own.
  public var time: Float

  /// What can be set, as options and Python have it.
  package static let declared = [
    Setting("window", .count(2...4096), "frames that are refined together", default: .count(8)),
    Setting(
      "overlap", .count(0...4095),
      "frames that neighbouring windows share (default: half a window)",
      default: nil),
    Setting(
      "time", .number(.above(0)),
      "σ of time in frames, of kernels whose spatial= does not say it", default: .number(2)),
  ]

  /// The settings in a line.
  package static var help: String {
    declared.map { setting in
      "\(setting.key)= " + setting.help
        + (setting.defaultValue.map { " (default: \($0))" } ?? "")
    }.joined(separator: "; ")
  }

  /// - Parameter text: `window=8,overlap=4,time=2`; empty for what holds by default.
  /// - Throws: `InputError` for an unknown key, or a value that cannot be.
  public init(_ text: String = "") throws {
    let described = try JSONValue(description: text.isEmpty ? "sequence" : "sequence:\(text)")
    let settings = try Settings(
      Self.declared, given: (described.members ?? []).filter { $0.key != "kind" },
      of: "sequence", example: "window=8,overlap=4,time=2")
    let window = settings.count("window") ?? 2
    self.window = window
    overlap = settings.count("overlap") ?? window / 2
    time = Float(settings.number("time") ?? 1)
    guard overlap < window else {
      throw InputError(
        .usage, "an overlap of \(overlap) frames leaves nothing of a window of \(window)",
        remedy: "windows may share up to \(window - 1) frames")
    }
  }
}
