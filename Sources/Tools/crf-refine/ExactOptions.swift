import ArgumentParser
import Lattice
import LatticeSupport
import ToolSupport

/// What `--filter exact` may leave out and keep.
struct ExactOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "With --filter exact: skip pairs of pixels whose weight is sure to be below this; 0 evaluates "
        + "every pair. What that can change is printed. (default: "
        + "\(ExactBackend.defaultThreshold))", valueName: "weight"))
  var threshold: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "With --filter exact: memory for weights that are kept between updates, such as 512M or 4G. "
        + "Results do not depend on it. (default: "
        + "\(MemorySize(bytes: ExactBackend.defaultMemoryBudget)) where points have so many features "
        + "that it pays)", valueName: "size"))
  var memory: String?
}

extension ExactSettings {
  /// `nil` where another filter is chosen.
  ///
  /// - Throws: `InputError` where an option cannot be followed, or is for another filter.
  init?(_ options: ExactOptions, filter: String) throws {
    guard filter == ExactBackend().name else {
      try OptionCheck.refuse(
        ["--threshold": options.threshold != nil, "--memory": options.memory != nil],
        because: "is for --filter exact, but the filter is '\(filter)'",
        remedy: "add --filter exact, or leave it out")
      return nil
    }
    self.init()
    if let threshold = options.threshold {
      guard threshold >= 0, threshold < 1 else {
        throw InputError(
          .usage, at: "--threshold", "is \(threshold), but must be at least 0 and below 1",
          remedy: "1e-12 skips what cannot be seen; 0 evaluates every pair")
      }
      self.threshold = threshold
    }
    if let text = options.memory { memory = try MemorySize(text, option: "--memory") }
  }
}
