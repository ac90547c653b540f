/// How a front end calls what can be set: its options, arguments or constants.
///
/// Both functions give words that stand behind "use", "add", "give" and "choose", and before "out"
/// in "leave … out".
public struct RemedyWording: Sendable {
  private let settingText: @Sendable (Remedy.Setting) -> String
  private let nameText: @Sendable (Remedy.Parameter) -> String
  /// What stands between parameters that are set together.
  private let separator: String

  /// - Parameters:
  ///   - separator: what stands between parameters that are set together.
  ///   - setting: a parameter with its value, as in `--layout hwc`.
  ///   - name: a parameter alone, as in `--layout`.
  public init(
    separator: String = " and ", setting: @escaping @Sendable (Remedy.Setting) -> String,
    name: @escaping @Sendable (Remedy.Parameter) -> String
  ) {
    self.separator = separator
    settingText = setting
    nameText = name
  }

  /// Parameters with their values.
  public func text(for settings: [Remedy.Setting]) -> String {
    settings.map(settingText).joined(separator: separator)
  }

  /// A parameter alone.
  public func name(_ parameter: Remedy.Parameter) -> String { nameText(parameter) }
}

extension RemedyWording {
  /// English that fits every front end, and the texts of errors where none words them.
  public static let neutral = RemedyWording(
    setting: { setting in
      let name = neutralName(setting.parameter)
      switch setting {
      case .layout(.channelsFirst): return "\(name) with the labels first"
      case .layout(.channelsLast): return "\(name) with the labels last"
      case .imageLayout(.channelsFirst): return "\(name) with the channels first"
      case .imageLayout(.channelsLast): return "\(name) with the channels last"
      case .tiles(let side): return "tiles of \(side) pixels"
      case .imageRange(let low, let high): return "\(name) \(low.shortText)…\(high.shortText)"
      case .state(let text): return "the dictionary '\(text)'"
      case .member(let text): return "the member '\(text)'"
      case .labelMapping(let text), .prefix(let text): return "\(name) '\(text)'"
      case .scoreKind, .orientation, .normalizeScores, .singleChannel, .alphaAsBand,
        .ignorePlacement, .chosen:
        return setting.value.map { "\(name) '\($0)'" } ?? name
      }
    }, name: neutralName)

  @Sendable private static func neutralName(_ parameter: Remedy.Parameter) -> String {
    switch parameter {
    case .scoreKind: "the score kind"
    case .layout: "the layout"
    case .imageLayout: "the layout of the image"
    case .normalizeScores: "normalization of the scores"
    case .singleChannel: "the reading as a single channel"
    case .labelMapping: "the label mapping"
    case .voidLabel: "the void label"
    case .palette: "the name of a palette"
    case .imageRange: "the image range"
    case .orientation: "the orientation rule"
    case .member: "the name of a member"
    case .tiles: "tiles"
    case .page: "the number of a page"
    case .alphaAsBand: "the reading of alpha as a band"
    case .ignorePlacement: "the reading without a comparison of places"
    case .mask: "a mask"
    case .unknownLabel: "the unknown label"
    case .weights: "a file of weights"
    case .classes: "the number of classes"
    case .state: "the name of a dictionary"
    case .prefix: "the prefix"
    case .split: "the name of a split"
    case .datasetLayout: "the name of a layout"
    case .plugin: "Plugins.load(path:)"
    }
  }
}
