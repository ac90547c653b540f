import LatticePluginHeader
import LatticeSupport

/// The settings that a plug-in declares.
enum PluginSetting {
  /// - Parameter what: which setting it is, for messages.
  /// - Returns: the setting, and its key as C has it.
  /// - Throws: `InputError` that says what is wrong with it.
  static func read(
    _ given: latticecrf_plugin_setting, _ what: String
  ) throws -> (Setting, UnsafePointer<CChar>) {
    try PluginTable.checkSize(given.size, of: latticecrf_plugin_setting.self, what)
    guard let address = given.key, let key = PluginTable.text(address) else {
      throw InputError(.data, "\(what) has no key")
    }
    let what = "\(what), \(quoted(key)),"
    guard isUsableInDescriptions(key), key != "kind" else {
      throw InputError(
        .data, "\(what) has a key that cannot stand in an option",
        remedy:
          "choose a word other than 'kind', without blanks and without any of : , = and quotes")
    }
    guard let help = PluginTable.text(given.help), !help.isEmpty else {
      throw InputError(.data, "\(what) has no help", remedy: "say in one line what it does")
    }
    let type = try type(of: given, what)
    guard let fallback = given.fallback else {
      let isOptional = given.flags & LATTICECRF_PLUGIN_OPTIONAL != 0
      return (
        isOptional ? Setting(key, type, help, default: nil) : Setting(key, type, help), address
      )
    }
    guard let text = PluginTable.text(fallback) else {
      throw InputError(.data, "\(what) has a default that is not UTF-8")
    }
    do {
      let value = try SettingValue(text, as: type, key: key)
      return (Setting(key, type, help, default: value), address)
    } catch let error as InputError {
      throw InputError(.data, "\(what) has a default that it refuses: \(error.problem)")
    }
  }

  private static func type(
    of given: latticecrf_plugin_setting, _ what: String
  ) throws -> Setting.ValueType {
    switch Int(given.type) {
    case LATTICECRF_PLUGIN_NUMBER: return .number(try numbers(given, what))
    case LATTICECRF_PLUGIN_BANDWIDTHS: return .bandwidths
    case LATTICECRF_PLUGIN_COUNT: return .count(try counts(given, what))
    case LATTICECRF_PLUGIN_COUNTS: return .counts(try counts(given, what))
    case LATTICECRF_PLUGIN_CHOICE:
      let words = PluginTable.text(given.words)?.split(
        separator: "|", omittingEmptySubsequences: false
      ).map(String.init)
      guard let words, words.allSatisfy(isUsableInDescriptions), Set(words).count == words.count
      else {
        throw InputError(
          .data, "\(what) is a choice without words to choose from",
          remedy: #"give different words, as in "fast|slow""#)
      }
      return .choice(words)
    case LATTICECRF_PLUGIN_FILE: return .file
    case LATTICECRF_PLUGIN_ARRAY: return .array
    case LATTICECRF_PLUGIN_FLAG: return .flag
    case LATTICECRF_PLUGIN_LABELS: return .labels
    case LATTICECRF_PLUGIN_LABEL_COUNTS: return .labelCounts(try counts(given, what))
    default:
      throw InputError(
        .data, "\(what) has the type \(given.type), which is none of latticecrf_plugin.h's")
    }
  }

  private static func numbers(
    _ given: latticecrf_plugin_setting, _ what: String
  ) throws -> NumberRange {
    if given.minimum == 0 && given.maximum == 0 { return .any }
    let isAbove = given.flags & LATTICECRF_PLUGIN_ABOVE_MINIMUM != 0
    let isBelow = given.flags & LATTICECRF_PLUGIN_BELOW_MAXIMUM != 0
    let isEmpty =
      !(given.minimum <= given.maximum) || (isAbove || isBelow) && given.minimum == given.maximum
    guard !isEmpty else { throw emptyRange(given, what) }
    return .of(given.minimum...given.maximum, isOpenBelow: isAbove, isOpenAbove: isBelow)
  }

  private static func counts(
    _ given: latticecrf_plugin_setting, _ what: String
  ) throws -> ClosedRange<Int> {
    if given.minimum == 0 && given.maximum == 0 { return 0...Int.max }
    guard given.minimum <= given.maximum, given.minimum.rounded() == given.minimum,
      given.maximum.rounded() == given.maximum
    else { throw emptyRange(given, what) }
    let low = Int(exactly: given.minimum) ?? Int.min
    return low...max(low, Int(exactly: given.maximum) ?? Int.max)
  }

  private static func emptyRange(
    _ given: latticecrf_plugin_setting, _ what: String
  ) -> InputError {
    InputError(
      .data, "\(what) has the range \(given.minimum)…\(given.maximum), which holds nothing")
  }
}
