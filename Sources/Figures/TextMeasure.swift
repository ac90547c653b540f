import CCairo
import Synchronization

extension Drawing.Style {
  private struct Key: Hashable {
    let text: String
    let isBold: Bool
  }

  /// Widths at a size of 1, of texts that were measured.
  private static let known = Mutex<[Key: Double]>([:])
  /// Axes have the same numbers again and again, but a program must not keep all it ever wrote.
  private static let mostKnown = 4096

  /// How long a line of text is, in units; 0 where `Drawing.checkAvailable` throws.
  public func width(of text: String) -> Double {
    let key = Key(text: text, isBold: isBold)
    if let width = Self.known.withLock({ $0[key] }) { return width * size }
    let width = sheet_text_width(text, 1, isBold)
    Self.known.withLock {
      if $0.count >= Self.mostKnown { $0.removeAll() }
      $0[key] = width
    }
    return width * size
  }

  /// How long the longest of some lines is, in units.
  public func width(ofLongest texts: [String]) -> Double { texts.map(width(of:)).max() ?? 0 }

  /// The text, or its beginning with an ellipsis where it is longer than `most` units.
  public func shortened(_ text: String, to most: Double) -> String {
    guard width(of: text) > most else { return text }
    var short = text
    while !short.isEmpty, width(of: short + "…") > most { short.removeLast() }
    return short + "…"
  }
}
