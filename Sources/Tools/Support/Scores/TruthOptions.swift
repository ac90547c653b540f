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

  @OptionGroup package var numbers: LabelMapOptions
  package var labelMap: String? { numbers.labelMap }

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The same for the ground truth alone, or none. (default: that of --label-map)",
      valueName: "map"))
  package var truthMap: String?

  package init() {}

  /// How label maps and the ground truth are read.
  ///
  /// - Parameters:
  ///   - palette: what colours mean.
  ///   - isChosen: whether somebody has chosen it.
  /// - Throws: `InputError` naming the option that cannot be followed.
  package func readings(
    _ palette: Palette, isChosen: Bool
  ) throws -> (labels: LabelReading, truth: LabelReading) {
    let void = try voidLabel()
    func reading(_ mapping: LabelMapping?) -> LabelReading {
      LabelReading(palette: palette, isPaletteChosen: isChosen, mapping: mapping)
    }
    let truth = try reading(LabelMapping(truthMap: truthMap, labelMap: labelMap, void: void))
    return (try reading(LabelMapping(option: labelMap, void: void)), truth)
  }

  /// `--void`, checked.
  ///
  /// - Throws: `InputError` where it is not a label.
  package func voidLabel() throws -> UInt16 {
    guard let label = UInt16(exactly: void) else {
      throw InputError(
        .usage, at: "--void", "is \(void), but labels are 0…65535", remedy: "255 is usual")
    }
    return label
  }
}

extension LabelMapping {
  /// What `--label-map` says; `nil` where it is not given, or says none.
  ///
  /// - Parameter option: the option, for messages.
  /// - Throws: `InputError` where it cannot be understood.
  package init?(option text: String?, named option: String = "--label-map", void: UInt16) throws {
    guard let text, text != "none" else { return nil }
    self = try OptionCheck.naming(option) { try LabelMapping(text, void: void) }
  }

  /// What `--truth-map` says and, where it says nothing, `--label-map`.
  package init?(truthMap: String?, labelMap: String?, void: UInt16) throws {
    try self.init(
      option: truthMap ?? labelMap, named: truthMap == nil ? "--label-map" : "--truth-map",
      void: void)
  }
}

/// `--label-map`.
package struct LabelMapOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What the numbers of label maps stand for, in place of what the files or the data set's layout "
        + "say: a list such as 255:1 or 0:void,7-9:2,others:void; a file of such entries; or "
        + "\(LabelMapping.knownNames).", valueName: "map"))
  package var labelMap: String?

  package init() {}
}
