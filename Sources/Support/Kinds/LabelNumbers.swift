/// Labels, and what number each of them has: `1+3-5`, `1:5+3-4:50`, or `64` for all labels.
public struct LabelNumbers: Sendable, Hashable {
  /// Some labels and their number.
  public struct Entry: Sendable, Hashable {
    /// Consecutive labels, 0…65535; `nil` for all.
    public let labels: ClosedRange<UInt16>?
    /// Their number; `nil` where labels alone are listed.
    public let number: Int?

    /// - Parameter labels: consecutive labels; `nil` for all.
    /// - Parameter number: their number; `nil` where labels alone are listed.
    public init(_ labels: ClosedRange<UInt16>?, number: Int?) {
      self.labels = labels
      self.number = number
    }
  }

  /// In the order in which they are listed.
  public let entries: [Entry]

  /// - Parameter entries: labels that differ.
  public init(_ entries: [Entry]) { self.entries = entries }

  /// These labels.
  public init(labels: [UInt16]) { self.init(labels.map { Entry($0...$0, number: nil) }) }

  /// The same number for all labels.
  public init(_ number: Int) { self.init([Entry(nil, number: number)]) }

  /// A number for each of some labels.
  public init(_ numbers: [UInt16: Int]) {
    self.init(numbers.sorted { $0.key < $1.key }.map { Entry($0.key...$0.key, number: $0.value) })
  }

  /// Every label that is listed, in order.
  public var labels: [UInt16] { entries.flatMap { Array($0.labels ?? 0...UInt16.max) } }

  /// The number of each label 0…65535.
  ///
  /// - Parameter others: that of labels without one.
  public func table(others: Int) -> [Int] {
    var table = [Int](repeating: others, count: Int(UInt16.max) + 1)
    for entry in entries {
      for label in entry.labels ?? 0...UInt16.max { table[Int(label)] = entry.number ?? others }
    }
    return table
  }
}

extension LabelNumbers: CustomStringConvertible {
  /// As options have it.
  public var description: String {
    entries.map { entry in
      let labels = entry.labels.map { labels in
        labels.count == 1 ? "\(labels.lowerBound)" : "\(labels.lowerBound)-\(labels.upperBound)"
      }
      return [labels, entry.number.map(String.init)].compactMap { $0 }.joined(separator: ":")
    }.joined(separator: "+")
  }
}

extension LabelNumbers {
  /// Labels as options have them; `nil` where they cannot be understood or one is listed twice.
  init?(labels text: String) {
    self.init(text.split(separator: "+", omittingEmptySubsequences: false)) { part in
      Self.range(part).map { Entry($0, number: nil) }
    }
  }

  /// A count, or counts of labels, as options have them; `nil` where they cannot be understood, lie
  /// outside of `range`, or a label is listed twice.
  init?(counts text: String, within range: ClosedRange<Int>) {
    if let count = Int(text) {
      guard range.contains(count) else { return nil }
      self.init(count)
      return
    }
    self.init(text.split(separator: "+", omittingEmptySubsequences: false)) { part in
      let sides = part.split(separator: ":", omittingEmptySubsequences: false)
      guard sides.count == 2, let labels = Self.range(sides[0]), let count = Int(sides[1]),
        range.contains(count)
      else { return nil }
      return Entry(labels, number: count)
    }
  }

  /// Labels as JSON has them: a number, or a list of numbers.
  init?(labels json: JSONValue) {
    let items: [JSONValue] = if case .list(let items) = json { items } else { [json] }
    self.init(items) { item in
      item.number.flatMap(UInt16.init(exactly:)).map { Entry($0...$0, number: nil) }
    }
  }

  /// A count, or an object of counts by labels.
  init?(counts json: JSONValue, within range: ClosedRange<Int>) {
    let count = { (json: JSONValue) -> Int? in
      json.number.flatMap(Int.init(exactly:)).flatMap { range.contains($0) ? $0 : nil }
    }
    guard let members = json.members else {
      guard let count = count(json) else { return nil }
      self.init(count)
      return
    }
    self.init(members) { member in
      guard let labels = Self.range(Substring(member.key)), let count = count(member.value) else {
        return nil
      }
      return Entry(labels, number: count)
    }
  }

  private init?<Part>(_ parts: [Part], _ entry: (Part) -> Entry?) {
    let entries = parts.compactMap(entry)
    let ranges = entries.compactMap(\.labels).sorted { $0.lowerBound < $1.lowerBound }
    guard !entries.isEmpty, entries.count == parts.count,
      zip(ranges, ranges.dropFirst()).allSatisfy({ $0.upperBound < $1.lowerBound })
    else { return nil }
    self.init(entries)
  }

  /// `7`, or `7-9`.
  private static func range(_ text: Substring) -> ClosedRange<UInt16>? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
    guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first <= last
    else { return nil }
    return first...last
  }

  var json: JSONValue {
    if entries.count == 1, entries[0].labels == nil, let number = entries[0].number {
      return .number(number)
    }
    guard entries.allSatisfy({ $0.number != nil }) else {
      return .list(labels.map { .number(Int($0)) })
    }
    return .object(
      entries.map { entry in
        .init(
          LabelNumbers([Entry(entry.labels, number: nil)]).description,
          .number(entry.number ?? 0))
      })
  }
}
