/// One setting that a kind takes: its key, what it holds, and whether it can be left out.
///
/// Command lines, files, pages and tuners are drawn from these: nothing else has to know a kind's
/// settings.
public struct Setting: Sendable, Hashable {
  /// What a setting holds.
  public enum ValueType: Sendable, Hashable {
    /// Any number of a range.
    case number(NumberRange)
    /// One number above 0, or one per axis (or channel): `67`, `67x80`.
    case bandwidths
    /// A whole number of a range.
    case count(ClosedRange<Int>)
    /// Whole numbers of a range, in the order in which they are given: `1x2x4`.
    case counts(ClosedRange<Int>)
    /// One of a few words.
    case choice([String])
    /// The path of a file.
    case file
    /// An array: by the path of its file, or number by number in JSON.
    case array
    /// `yes` or `no`.
    case flag
    /// Labels: `3`, `1+3-5`.
    case labels
    /// A whole number of a range, or one for each of some labels: `64`, `1:5+3-4:50`.
    case labelCounts(ClosedRange<Int>)
    /// Something of another registry, described like everything else: a refinement.
    case description(of: String)
  }

  /// The key, as in `spatial=67`.
  public let key: String
  /// What it holds.
  public let type: ValueType
  /// What it does, in one line.
  public let help: String
  /// What holds where it is left out; `nil` where that means something of its own, or where it
  /// cannot be left out.
  public let defaultValue: SettingValue?
  /// Whether the kind cannot do without it.
  public let isRequired: Bool

  /// A setting that the kind cannot do without.
  public init(_ key: String, _ type: ValueType, _ help: String) {
    self.init(key, type, help, defaultValue: nil, isRequired: true)
  }

  /// A setting that can be left out.
  ///
  /// - Parameter value: what holds then; `nil` where the kind decides.
  /// - Parameter key: the key.
  /// - Parameter type: what it holds.
  /// - Parameter help: what it does, in one line.
  public init(_ key: String, _ type: ValueType, _ help: String, default value: SettingValue?) {
    self.init(key, type, help, defaultValue: value, isRequired: false)
  }

  private init(
    _ key: String, _ type: ValueType, _ help: String, defaultValue: SettingValue?, isRequired: Bool
  ) {
    self.key = key
    self.type = type
    self.help = help
    self.defaultValue = defaultValue
    self.isRequired = isRequired
  }

  /// A line of help: `spatial=BANDWIDTHS  how far …`.
  package var helpLine: String {
    let note =
      isRequired ? "" : defaultValue.map { " (default: \($0))" } ?? " (may be left out)"
    return "\(key)=\(type.placeholder)  \(help)\(note)"
  }
}

/// The numbers that a setting may have; always finite.
public struct NumberRange: Sendable, Hashable {
  /// The bounds.
  public let bounds: ClosedRange<Double>
  /// Whether the lower bound itself is excluded.
  public let isOpenBelow: Bool
  /// Whether the upper bound itself is excluded.
  public let isOpenAbove: Bool

  private init(_ bounds: ClosedRange<Double>, isOpenBelow: Bool = false, isOpenAbove: Bool = false)
  {
    self.bounds = bounds
    self.isOpenBelow = isOpenBelow
    self.isOpenAbove = isOpenAbove
  }

  private static let largest = Double(Float.greatestFiniteMagnitude)

  /// Every number that single precision holds.
  public static let any = NumberRange(-largest...largest)
  /// `bound` and more.
  public static func atLeast(_ bound: Double) -> NumberRange { NumberRange(bound...largest) }
  /// More than `bound`.
  public static func above(_ bound: Double) -> NumberRange {
    NumberRange(bound...largest, isOpenBelow: true)
  }
  /// Both bounds included.
  public static func closed(_ bounds: ClosedRange<Double>) -> NumberRange { NumberRange(bounds) }
  /// The upper bound excluded.
  public static func halfOpen(_ bounds: Range<Double>) -> NumberRange {
    NumberRange(bounds.lowerBound...bounds.upperBound, isOpenAbove: true)
  }
  /// Both bounds excluded.
  public static func between(_ low: Double, _ high: Double) -> NumberRange {
    NumberRange(low...high, isOpenBelow: true, isOpenAbove: true)
  }

  /// Those of `bounds`, without the bounds that are excluded.
  package static func of(
    _ bounds: ClosedRange<Double>, isOpenBelow: Bool, isOpenAbove: Bool
  ) -> NumberRange {
    NumberRange(
      bounds.clamped(to: -largest...largest), isOpenBelow: isOpenBelow, isOpenAbove: isOpenAbove)
  }

  /// Whether `number` is one of them; NaN is not.
  public func contains(_ number: Double) -> Bool {
    bounds.contains(number) && !(isOpenBelow && number == bounds.lowerBound)
      && !(isOpenAbove && number == bounds.upperBound)
  }
}

extension NumberRange: CustomStringConvertible {
  /// `a number above 0`.
  public var description: String {
    let (low, high) = (bounds.lowerBound.shortText, bounds.upperBound.shortText)
    let hasLow = bounds.lowerBound > -Self.largest
    guard bounds.upperBound < Self.largest else {
      return !hasLow ? "a finite number" : isOpenBelow ? "a number above \(low)" : "\(low) or more"
    }
    if isOpenBelow && isOpenAbove { return "a number between \(low) and \(high)" }
    if isOpenBelow { return "a number above \(low), up to \(high)" }
    return isOpenAbove ? "a number from \(low) to below \(high)" : "a number from \(low) to \(high)"
  }
}

extension Setting.ValueType {
  /// What must be given, in the words of messages.
  package var expectation: String {
    switch self {
    case .number(let range): range.description
    case .bandwidths: "a number above 0, or one for each axis, as in 67 or 67x80"
    case .count(let range) where range.upperBound == Int.max:
      "a whole number from \(range.lowerBound) on"
    case .count(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .counts(let range):
      "whole numbers from \(range.lowerBound) to \(range.upperBound), as in 1x2x4"
    case .choice(let words): words.count == 1 ? words[0] : "one of " + words.joined(separator: ", ")
    case .file: "the path of a file"
    case .array: "the path of an array"
    case .flag: "yes or no"
    case .labels: "labels, as in 3 or 1+3-5"
    case .labelCounts(let range):
      "\(Setting.ValueType.count(range).expectation), or one for each of some labels, as in "
        + "1:5+3-4:50"
    case .description(let what): "a \(what), in quotes where it has settings of its own"
    }
  }

  fileprivate var placeholder: String {
    switch self {
    case .number: "NUMBER"
    case .bandwidths: "BANDWIDTHS"
    case .count: "N"
    case .counts: "NxN…"
    case .choice(let words): words.joined(separator: "|")
    case .file: "FILE"
    case .array: "ARRAY"
    case .flag: "yes|no"
    case .labels: "LABELS"
    case .labelCounts: "N|LABELS:N+…"
    case .description: "KIND:…"
    }
  }

  /// What front ends call the type.
  package var name: String {
    switch self {
    case .number: "number"
    case .bandwidths: "bandwidths"
    case .count: "count"
    case .counts: "counts"
    case .choice: "choice"
    case .file: "file"
    case .array: "array"
    case .flag: "flag"
    case .labels: "labels"
    case .labelCounts: "label_counts"
    case .description: "description"
    }
  }
}
