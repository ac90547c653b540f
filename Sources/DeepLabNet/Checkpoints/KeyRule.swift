/// A rule that turns some names of parameters into keys of a checkpoint.
///
/// A pattern is text with placeholders between `<` and `>`: `<block>` stands for a residual block,
/// `layer3.12`; any other for whatever has no dot in it, and `<rest>` for anything. The key repeats
/// them; `<n:letter>` writes 1, 2, 3 as a, b, c.
struct KeyRule: Sendable {
  /// The pattern of the network's own name.
  let name: [Piece]
  /// The pattern of the key.
  let key: [Piece]

  /// A part of a pattern.
  enum Piece: Sendable, Equatable {
    case text(String)
    case place(String)
  }

  init(_ name: String, _ key: String) {
    self.name = Self.pieces(of: name)
    self.key = Self.pieces(of: key)
  }

  /// Text and placeholders in turn.
  private static func pieces(of pattern: String) -> [Piece] {
    var pieces: [Piece] = []
    for (index, part) in pattern.split(separator: "<", omittingEmptySubsequences: false)
      .enumerated()
    {
      guard index > 0 else {
        if !part.isEmpty { pieces.append(.text(String(part))) }
        continue
      }
      let halves = part.split(separator: ">", maxSplits: 1, omittingEmptySubsequences: false)
      precondition(halves.count == 2, "no > behind < in \(pattern)")
      pieces.append(.place(String(halves[0])))
      if !halves[1].isEmpty { pieces.append(.text(String(halves[1]))) }
    }
    return pieces
  }

  /// The key for `name`; `nil` where it does not fit the pattern.
  func apply(to name: String, block: KeyScheme.BlockName) -> String? {
    guard let found = Self.match(self.name[...], name[...]) else { return nil }
    return key.map { Self.text(of: $0, found, block) }.joined()
  }

  private static func text(
    of piece: Piece, _ found: [String: Substring], _ block: KeyScheme.BlockName
  ) -> String {
    guard case .place(let place) = piece else {
      guard case .text(let text) = piece else { return "" }
      return text
    }
    let halves = place.split(separator: ":")
    guard let value = found[String(halves[0])] else {
      preconditionFailure("<\(place)> is not in the name's pattern")
    }
    if place == "block" { return block.text(for: value) }
    return halves.count > 1 ? letter(Int(value) ?? 0) : String(value)
  }

  /// 1, 2, 3 … as a, b, c ….
  static func letter(_ number: Int) -> String {
    String(UnicodeScalar(UInt8(ascii: "a") + UInt8(clamping: number - 1)))
  }

  /// What each placeholder stands for; `nil` where the text does not fit.
  private static func match(
    _ pieces: ArraySlice<Piece>, _ text: Substring
  ) -> [String: Substring]? {
    guard let piece = pieces.first else { return text.isEmpty ? [:] : nil }
    let others = pieces.dropFirst()
    switch piece {
    case .text(let expected):
      return text.hasPrefix(expected) ? match(others, text.dropFirst(expected.count)) : nil
    case .place(let place):
      guard let end = end(of: place, in: text), end > text.startIndex else { return nil }
      guard var found = match(others, text[end...]) else { return nil }
      found[place] = text[..<end]
      return found
    }
  }

  /// Where the value of a placeholder ends that begins `text`.
  private static func end(of place: String, in text: Substring) -> Substring.Index? {
    switch place {
    case "rest": return text.endIndex
    case "block":
      guard text.hasPrefix("layer"), let dot = text.firstIndex(of: ".") else { return nil }
      return text[text.index(after: dot)...].firstIndex(of: ".")
    default:
      return text.firstIndex(of: ".") ?? text.endIndex
    }
  }
}
