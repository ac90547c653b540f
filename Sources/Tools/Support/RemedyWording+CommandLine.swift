import LatticeSupport
import Synchronization

extension RemedyWording {
  /// What the options of the programs are called.
  ///
  /// - Parameter exceptions: settings that a program has another option for.
  package static func commandLine(
    _ exceptions: [Remedy.Setting: String] = [:]
  ) -> RemedyWording {
    RemedyWording(
      separator: " ",
      setting: { setting in
        exceptions[setting]
          ?? ([option(setting.parameter)] + value(of: setting))
          .joined(separator: " ")
      }, name: option)
  }

  /// That of the command that runs, which messages are printed in.
  package static var ofProgram: RemedyWording {
    get { current.withLock { $0 } }
    set { current.withLock { $0 = newValue } }
  }

  private static let current = Mutex(RemedyWording.commandLine())

  @Sendable private static func option(_ parameter: Remedy.Parameter) -> String {
    switch parameter {
    case .scoreKind: "--unary-kind"
    case .layout, .datasetLayout: "--layout"
    case .imageLayout: "--image-layout"
    case .normalizeScores: "--normalize-scores"
    case .singleChannel: "--binary"
    case .labelMapping: "--label-map"
    case .voidLabel: "--void"
    case .palette: "--palette"
    case .imageRange: "--image-range"
    case .orientation: "--orientation"
    case .member: "--member"
    case .tiles: "--tile"
    case .page: "--page"
    case .alphaAsBand: "--alpha band"
    case .ignorePlacement: "--ignore-placement"
    case .mask: "--mask"
    case .unknownLabel: "--unknown"
    case .weights: "--weights"
    case .classes: "--classes"
    case .state: "--state"
    case .prefix: "--prefix"
    case .split: "--split"
    case .plugin: "--plugin"
    }
  }

  /// The words behind the option.
  private static func value(of setting: Remedy.Setting) -> [String] {
    switch setting {
    case .layout(let layout), .imageLayout(let layout): [layout.word]
    case .imageRange(let low, let high): ["\(low.shortText):\(high.shortText)"]
    case .chosen(.weights), .chosen(.mask), .chosen(.plugin): ["FILE"]
    case .chosen(.classes), .chosen(.page): ["N"]
    case .chosen: ["NAME"]
    default: setting.value.map { [$0] } ?? []
    }
  }
}

extension InputError {
  /// The text as the program that runs says it.
  package var programText: String { text(in: .ofProgram) }
}
