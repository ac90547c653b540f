import Formats
import LatticeSupport
import Unaries

extension ScoreReading {
  /// - Parameters:
  ///   - labels: what the colours and numbers of a label map mean.
  ///   - makesEnergies: whether energies are to be made of it, which needs the number of labels.
  /// - Throws: `InputError` naming the option that cannot be followed.
  package init(
    _ input: UnaryOptions, labels reading: LabelReading, makesEnergies: Bool = true
  ) throws {
    self.init()
    labels = reading
    meaning = input.unaryKind
    try follow(input.channels)
    order = input.layout
    imageLayout = input.imageLayout ?? layout
    picture = try PictureReading(input.orientation, input.imageRange)
    picture.raster = try input.raster.reading()
    mask = input.places.mask
    fillsNoData = input.places.fillNodata
    ignoresPlacement = input.places.ignorePlacement
    if input.image == nil {
      try OptionCheck.refuse(
        [
          "--image-layout": input.imageLayout != nil,
          "--orientation": input.orientation.orientation != nil,
          "--image-range": input.imageRange.imageRange != nil,
          "--image-bands": input.raster.imageBands != nil, "--alpha": input.raster.alpha != nil,
          "--page": input.raster.page != nil,
        ],
        because: "says how an image is read, but there is none", remedy: "leave it out")
    }
    member = input.member
    alignCorners = input.alignCorners
    merging = try input.merging()
    if kind == .labels {
      try readLabelOptions(input, makesEnergies: makesEnergies)
    } else {
      try OptionCheck.refuse(
        [
          "--label-count": input.labelCount != nil, "--confidence": input.confidence != nil,
          "--unknown": input.unknown != nil,
        ],
        because: "says how label maps are read, but these are \(kind.rawValue)",
        remedy: "add --unary-kind labels, or leave it out")
    }
  }

  /// - Throws: `InputError` where options of channels do not go with what scores mean.
  private mutating func follow(_ options: ChannelOptions) throws {
    try OptionCheck.refuse(
      ["--binary": options.binary && kind == .labels],
      because: "says how scores are read, but these are labels", remedy: "leave it out")
    if options.binary, let kind = kind.scoreKind {
      _ = try OptionCheck.naming("--binary") { try ForegroundChannel(kind: kind) }
    }
    try OptionCheck.refuse(
      ["--normalize-scores": options.normalizeScores && kind != .probabilities],
      because: "divides probabilities by their sum, but these are \(kind.rawValue)",
      remedy: "add --unary-kind probabilities, or leave it out")
    (isForeground, normalizes) = (options.binary, options.normalizeScores)
  }

  /// The scores alone, of a program that does not read label maps by these options.
  ///
  /// - Parameter picture: how the images are read that they belong to.
  /// - Throws: `InputError` naming the option that cannot be followed.
  package init(
    meaning: ScoreMeaning?, channels: ChannelOptions, member: String? = nil, picture: PictureReading
  ) throws {
    self.init()
    self.meaning = meaning
    guard kind != .labels else {
      throw InputError(
        .usage, at: "--unary-kind", "is labels, but these are scores",
        remedy: "for label maps, give --predictions")
    }
    self.picture = picture
    self.member = member
    try follow(channels)
  }

  private mutating func readLabelOptions(
    _ input: UnaryOptions, makesEnergies: Bool
  ) throws {
    try OptionCheck.refuse(
      [
        "--scores-layout": input.layout != nil, "--member": input.member != nil,
        "--align-corners": input.alignCorners,
      ],
      because: "says how scores are read, but these are labels", remedy: "leave it out")
    guard makesEnergies else { return }
    guard let count = input.labelCount, (1...65536).contains(count) else {
      throw InputError(
        .usage, at: "--label-count",
        input.labelCount.map { "is \($0), but must be 1…65536" }
          ?? "is missing: a label map does not say how many labels there are",
        remedy: "for example --label-count 21")
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
    // What a mapping leaves without a label is unknown.
    let unlabelled = labels.mapping.flatMap { $0.marksVoid ? UnknownLabel.label($0.void) : nil }
    unknown = try input.unknown.map(Self.unknown) ?? unlabelled ?? .none
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
