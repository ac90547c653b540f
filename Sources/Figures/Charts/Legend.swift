/// Names beside samples of what they stand for, in as many lines as they need.
struct Legend {
  struct Entry {
    let name: String
    let color: Color
    /// The length of dashes and gaps; `nil` for a field in place of a line.
    var dash: Double?
  }

  private static let line = 20.0
  private static let gap = 18.0
  private let entries: [Entry]
  private let places: [Place]
  let height: Double
  /// Of the longest line.
  let width: Double

  init(_ entries: [Entry], width: Double) {
    self.entries = entries
    var (left, top, longest) = (0.0, 0.0, 0.0)
    places = entries.map { entry in
      let length = Self.sample(entry) + 6 + Drawing.Style.plain.width(of: entry.name)
      if left > 0, left + length > width { (left, top) = (0, top + Self.line) }
      defer {
        longest = max(longest, left + length)
        left += length + Self.gap
      }
      return Place(left, top)
    }
    self.width = longest
    height = entries.isEmpty ? 0 : top + Self.line
  }

  private static func sample(_ entry: Entry) -> Double { entry.dash == nil ? 14 : 24 }

  func draw(on drawing: inout Drawing, at corner: Place) {
    for (entry, place) in zip(entries, places) {
      let (x, y) = (corner.x + place.x, corner.y + place.y + Self.line / 2)
      if let dash = entry.dash {
        drawing.line([Place(x, y), Place(x + 24, y)], thickness: 2.5, dash: dash, entry.color)
      } else {
        let box = Box(x: x, y: y - 6, width: 14, height: 12)
        drawing.box(box, entry.color)
        drawing.frame(box, thickness: 0.7, .ink)
      }
      drawing.text(entry.name, at: Place(x + Self.sample(entry) + 6, y))
    }
  }
}
