import Formats
import Foundation
import LatticeSupport

/// The log of a training: a JSON object a line, for each of some steps.
public struct TrainingLog {
  /// A line.
  public struct Line: Codable, Sendable {
    /// Steps done.
    public var step: Int
    /// The mean since the line before; of the first line after a resumption, since that.
    public var loss: Double
    /// The learning rate of the step.
    public var rate: Double
    /// Without the time of validations.
    public var imagesPerSecond: Double
    /// Since the program was started.
    public var seconds: Double
    /// Of the labels that the parameters after this step give, 0…1; `nil` where none were asked
    /// for.
    public var meanIOU: Double?
    /// The same of the pixel accuracy.
    public var pixelAccuracy: Double?
    /// How long those labels took.
    public var validationSeconds: Double?
  }

  private let path: String
  /// In the order of steps.
  public private(set) var lines: [Line] = []
  private let encoder = JSONEncoder()

  /// Goes on with the log at `path`, without what it says about steps beyond `step`: they are made
  /// again.
  ///
  /// - Throws: `InputError` where it cannot be written.
  init(at path: String, from step: Int) throws {
    self.path = path
    encoder.outputFormatting = .sortedKeys
    let text = FileSource.contents(path).map { String(decoding: $0, as: UTF8.self) }
    lines = (text ?? "").split(separator: "\n").compactMap {
      try? JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }.filter { $0.step <= step }
    try rewrite()
  }

  private func text(_ line: Line) throws -> String {
    String(decoding: try encoder.encode(line), as: UTF8.self) + "\n"
  }

  private func rewrite() throws {
    let texts = try lines.map(text)
    try AtomicOutput.write(to: path) { output in
      for text in texts { try output.write(text) }
    }
  }

  /// Appends a line.
  ///
  /// - Throws: `InputError` where it cannot be written, as on a full disk.
  mutating func add(_ line: Line) throws {
    lines.append(line)
    try AppendedOutput.append(
      text(line), to: path, remedy: "make room, and go on from the state")
  }

  /// Whether the line of `step` is the last one and lacks figures.
  func awaitsFigures(of step: Int) -> Bool {
    lines.last.map { $0.step == step && $0.meanIOU == nil } ?? false
  }

  /// Writes figures into the last line.
  ///
  /// - Throws: `InputError` where they cannot be written, as on a full disk.
  mutating func add(_ figures: TrainingValidation.Figures) throws {
    precondition(!lines.isEmpty, "figures of a step without a line")
    lines[lines.count - 1].meanIOU = figures.meanIOU
    lines[lines.count - 1].pixelAccuracy = figures.pixelAccuracy
    lines[lines.count - 1].validationSeconds = figures.seconds
    try rewrite()
  }
}
