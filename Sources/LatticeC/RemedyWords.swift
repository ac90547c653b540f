import LatticeSupport
import Synchronization

extension RemedyWording {
  /// In the constants of `latticecrf.h`, unless `latticecrf_set_words` has given other words.
  package static let c = RemedyWording(
    separator: ", ",
    setting: { setting in
      let given = words.withLock { words -> String? in
        let name = setting.parameter.rawValue
        guard let value = setting.value else { return words[name] }
        return words["\(name)=\(value)"] ?? words[name].map { filled($0, with: value) }
      }
      return given ?? constant(setting) ?? neutral.text(for: [setting])
    },
    name: { neutral.name($0) })

  /// By parameters, or parameters with values: `score_kind`, `layout=last`.
  private static let words = Mutex<[String: String]>([:])

  /// Takes `text` for `parameter` from now on; `nil` for the words of the header.
  ///
  /// - Throws: a `CallError` where there is no such parameter.
  static func use(_ text: String?, for parameter: String) throws {
    let name = String(parameter.prefix { $0 != "=" })
    guard Remedy.Parameter(rawValue: name) != nil else {
      throw CallError.argument("there is no parameter \(quoted(name)) that messages name")
    }
    words.withLock { $0[parameter] = text }
  }

  private static func constant(_ setting: Remedy.Setting) -> String? {
    switch setting {
    case .scoreKind(.energies): "LATTICECRF_ENERGIES"
    case .scoreKind(.logits): "LATTICECRF_LOGITS"
    case .scoreKind(.probabilities): "LATTICECRF_PROBABILITIES"
    case .layout(.channelsFirst): "LATTICECRF_CHANNELS_FIRST"
    case .layout(.channelsLast): "LATTICECRF_CHANNELS_LAST"
    case .chosen(.plugin): "latticecrf_load_plugin"
    default: nil
    }
  }

  /// `words` with the value in the place of `%s`.
  private static func filled(_ words: String, with value: String) -> String {
    var text = ""
    var rest = words[...]
    while let place = rest.firstIndex(of: "%") {
      let after = rest.index(after: place)
      let isPlace = after < rest.endIndex && rest[after] == "s"
      text += rest[..<place] + (isPlace ? value : "%")
      rest = rest[(isPlace ? rest.index(after: after) : after)...]
    }
    return text + rest
  }
}

/// `latticecrf_set_words`.
@_cdecl("latticecrf_set_words")
public func setWords(
  _ parameter: UnsafePointer<CChar>?, _ words: UnsafePointer<CChar>?
) -> Int32 {
  call {
    let parameter = try Arguments.pointer(parameter, "parameter", alignment: 1)
    try RemedyWording.use(
      words.map { String(cString: $0) }, for: String(cString: parameter))
  }
}
