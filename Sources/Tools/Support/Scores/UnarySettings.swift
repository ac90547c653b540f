import Support
import Unaries

/// How files of scores or labels become energies.
package struct UnarySettings {
  package var kind: UnaryKind
  package var layout: ScoreLayout
  package var imageLayout: Image.Layout
  package var picture: PictureSettings
  package var member: String?
  package var alignCorners: Bool
  /// For label maps: how many labels, how sure they are, and which means unknown.
  package var labelCount = 0
  package var confidence: Float = 0.7
  package var unknown = UnknownLabel.none
  /// What the colours of a label map mean.
  package var palette: Palette

  /// - Parameter palette: what the colours of a label map mean.
  /// - Throws: `InputError` naming the option that cannot be followed.
  package init(_ input: UnaryOptions, palette: Palette) throws {
    self.palette = palette
    kind = input.unaryKind
    layout = input.layout?.scoreLayout ?? .labelsFirst
    imageLayout = (input.imageLayout ?? input.layout ?? .chw).imageLayout
    picture = try PictureSettings(input.orientation, input.imageRange)
    if input.image == nil {
      try OptionCheck.refuse(
        [
          "--image-layout": input.imageLayout != nil,
          "--orientation": input.orientation.orientation != nil,
          "--image-range": input.imageRange.imageRange != nil,
        ],
        because: "says how an image is read, but there is none", remedy: "leave it out")
    }
    member = input.member
    alignCorners = input.alignCorners
    if kind == .labels {
      try readLabelOptions(input)
    } else {
      try OptionCheck.refuse(
        [
          "--labels": input.labels != nil, "--confidence": input.confidence != nil,
          "--unknown": input.unknown != nil,
        ],
        because: "says how label maps are read, but these are \(kind.rawValue)",
        remedy: "add --unary-kind labels, or leave it out")
    }
  }

  private mutating func readLabelOptions(_ input: UnaryOptions) throws {
    try OptionCheck.refuse(
      [
        "--layout": input.layout != nil, "--member": input.member != nil,
        "--align-corners": input.alignCorners,
      ],
      because: "says how scores are read, but these are labels", remedy: "leave it out")
    guard let count = input.labels, (1...65536).contains(count) else {
      throw InputError(
        .usage, at: "--labels",
        input.labels.map { "is \($0), but must be 1…65536" }
          ?? "is missing: a label map does not say how many labels there are",
        remedy: "for example --labels 21")
    }
    labelCount = count
    if let confidence = input.confidence {
      guard confidence > 0, confidence < 1 else {
        throw InputError(
          .usage, at: "--confidence", "is \(confidence), but must lie between 0 and 1",
          remedy: "0.5 to 0.9 is usual")
      }
      self.confidence = confidence
    }
    unknown = try Self.unknown(input.unknown ?? "none")
  }

  private static func unknown(_ text: String) throws -> UnknownLabel {
    switch text {
    case "none": return .none
    case "zero": return .zeroUnsure
    default:
      guard let label = UInt16(text) else {
        throw InputError(
          .usage, at: "--unknown", "is '\(text)'; expected none, zero, or a label 0…65535",
          remedy: "255 is usual for pixels without a label")
      }
      return .label(label)
    }
  }
}
