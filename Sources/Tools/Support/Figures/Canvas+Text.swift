extension Canvas {
  /// Which point of a text is placed.
  package enum Anchor {
    /// The middle of its left edge.
    case left
    /// Its middle.
    case center
    /// The middle of its right edge.
    case right
  }

  /// The side of a letter's pixels, in written pixels.
  private static let letterPixel: Float = 2

  /// How long a line of text is, in written pixels.
  package static func length(of text: String) -> Int {
    max(0, text.count * PixelFont.advance - 1) * Int(letterPixel)
  }

  /// How high a line of text is, in written pixels.
  package static let textHeight = PixelFont.height * Int(letterPixel)

  /// Writes a line of text, from left to right or, where `isUpright`, from bottom to top.
  package mutating func text(
    _ text: String, x: Float, y: Float, _ anchor: Anchor = .left, isUpright: Bool = false,
    _ color: Color = (0, 0, 0)
  ) {
    let length = Float(Self.length(of: text))
    let start: Float =
      switch anchor {
      case .left: 0
      case .center: (-length / 2).rounded()
      case .right: -length
      }
    let side = Self.letterPixel
    let top = -Float(PixelFont.height) * side / 2
    // On whole pixels, so that letters are sharp.
    let (x, y) = (x.rounded(), y.rounded())
    for (place, letter) in text.enumerated() {
      for (row, bits) in PixelFont.rows(of: letter).enumerated() {
        for column in 0..<PixelFont.width where bits >> (PixelFont.width - 1 - column) & 1 == 1 {
          let along = start + Float(place * PixelFont.advance + column) * side
          let across = top + Float(row + PixelFont.drop(of: letter)) * side
          // Turned to the left, what was right is above.
          let (left, upper) =
            isUpright ? (x + across, y - along - side) : (x + along, y + across)
          box(x: left...left + side, y: upper...upper + side, color)
        }
      }
    }
  }
}
