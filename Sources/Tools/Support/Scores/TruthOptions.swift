import ArgumentParser
import Formats
import LatticeSupport
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

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What the numbers of label maps stand for: a list such as 255:1 or 0:void,7-9:2,others:void; a "
        + "file of such entries; or \(LabelMapping.knownNames).", valueName: "map"))
  package var labelMap: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The same for the ground truth alone, or none. (default: that of --label-map)",
      valueName: "map"))
  package var truthMap: String?

  package init() {}

  /// How the ground truth is read.
  ///
  /// - Parameter palette: what colours mean, and whether somebody has chosen it.
  /// - Throws: `InputError` naming the option that cannot be followed.
  package func reading(_ palette: Palette, isPaletteChosen: Bool) throws -> LabelReading {
    LabelReading(
      palette: palette, isPaletteChosen: isPaletteChosen,
      mapping: try LabelMapping(
        truthMap: truthMap, labelMap: labelMap, void: voidLabel()))
  }

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
