import ArgumentParser
import Support
import Unaries

/// True labels to compare with.
package struct TruthOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The true labels that results are compared with, .png or .npy; or a folder of them.",
      valueName: "file"))
  package var groundTruth: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The label of the ground truth whose pixels do not count.", valueName: "label"))
  package var void = Int(Palette.voidLabel)

  package init() {}

  /// `--void`, checked.
  ///
  /// - Throws: `InputError` where it is no label.
  package func voidLabel() throws -> UInt16 {
    guard let label = UInt16(exactly: void) else {
      throw InputError(
        .usage, at: "--void", "is \(void), but labels are 0…65535", remedy: "255 is usual")
    }
    return label
  }
}
