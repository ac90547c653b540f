import Unaries

/// A colour of a drawing.
public struct Color: Sendable, Hashable {
  /// What a colour is for, so that a page can show it in light and in dark.
  public enum Role: String, Sendable {
    /// Text and axes.
    case ink
    /// What is drawn on.
    case paper
    /// Lines that are not to be looked at.
    case faint
  }

  /// 0…1.
  public let red: Double
  /// 0…1.
  public let green: Double
  /// 0…1.
  public let blue: Double
  /// `nil` where it is the same in light and dark.
  public let role: Role?

  /// A colour of its parts, 0…255, which is the same in light and dark.
  public init(_ red: Double, _ green: Double, _ blue: Double) {
    self.init(red, green, blue, nil)
  }

  private init(_ red: Double, _ green: Double, _ blue: Double, _ role: Role?) {
    (self.red, self.green, self.blue) = (red / 255, green / 255, blue / 255)
    self.role = role
  }

  /// The colour of a label.
  public init(_ color: Palette.Color) {
    self.init(Double(color.red), Double(color.green), Double(color.blue))
  }

  /// Of text and axes: nearly black.
  public static let ink = Color(25, 25, 28, .ink)
  /// Of what is drawn on: white.
  public static let paper = Color(255, 255, 255, .paper)
  /// Of lines that are not to be looked at: a light gray.
  public static let faint = Color(222, 222, 226, .faint)

  /// Okabe & Ito's colours, which most people with deficient colour vision can tell apart.
  public static let distinct: [Color] = [
    Color(0, 114, 178), Color(213, 94, 0), Color(0, 158, 115), Color(204, 121, 167),
    Color(230, 159, 0), Color(86, 180, 233),
  ]

  /// One of `distinct`, over and over.
  public static func distinct(_ place: Int) -> Color { distinct[place % distinct.count] }

  /// `#rrggbb`.
  var hexadecimal: String {
    "#"
      + [red, green, blue].map { part in
        let digits = String(Int((255 * part).rounded()), radix: 16)
        return digits.count < 2 ? "0" + digits : digits
      }.joined()
  }

  /// Whether dark text is read better on it than light text.
  public var isLight: Bool { 0.299 * red + 0.587 * green + 0.114 * blue > 0.55 }
}

/// Colours for numbers, from a low end to a high one.
public struct ColorMap: Sendable {
  /// Evenly spaced from 0 to 1; at least 2.
  private let stops: [Color]

  /// - Parameter stops: the colours at even steps from 0 to 1; at least 2.
  public init(_ stops: [Color]) {
    precondition(stops.count >= 2, "\(stops.count) colours make no scale")
    self.stops = stops
  }

  /// The colour of a share; what lies outside of 0…1 has that of the end.
  public func color(at share: Double) -> Color {
    let place = min(1, max(0, share.isFinite ? share : 0)) * Double(stops.count - 1)
    let first = min(stops.count - 2, Int(place))
    let (low, high, part) = (stops[first], stops[first + 1], place - Double(first))
    func mix(_ from: Double, _ to: Double) -> Double { 255 * (from + part * (to - from)) }
    return Color(mix(low.red, high.red), mix(low.green, high.green), mix(low.blue, high.blue))
  }

  /// White to dark blue.
  public static let blues = ColorMap([Color(247, 251, 255), Color(8, 48, 107)])

  /// Dark violet over green to yellow: viridis, of even brightness steps (Smith & van der Walt,
  /// 2015).
  public static let viridis = ColorMap([
    Color(68, 1, 84), Color(72, 40, 120), Color(62, 74, 137), Color(49, 104, 142),
    Color(38, 130, 142), Color(31, 158, 137), Color(53, 183, 121), Color(109, 205, 89),
    Color(180, 222, 44), Color(253, 231, 37),
  ])

  /// Blue over light gray to red.
  public static let diverging = ColorMap([
    Color(20, 70, 160), Color(120, 160, 210), Color(225, 225, 225), Color(220, 130, 120),
    Color(170, 25, 35),
  ])
}
