import LatticeSupport

/// The colours that labels are shown in, at most 256, and the labels' names where they are known.
public struct Palette: Sendable, Equatable {
  /// Red, green and blue, 0…255 each.
  public struct Color: Sendable, Hashable {
    /// Red.
    public let red: UInt8
    /// Green.
    public let green: UInt8
    /// Blue.
    public let blue: UInt8

    /// A colour of its three parts.
    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
      self.red = red
      self.green = green
      self.blue = blue
    }
  }

  /// The colour of each label.
  public let colors: [Color]
  /// The name of each label; empty where it has none. As many as colours.
  public let names: [String]
  /// The colour of pixels that have no label; they get `voidLabel`.
  public let voidColor: Color?

  /// The number that stands for "no label" in label maps.
  public static let voidLabel: UInt16 = 255

  /// The most colours that a palette can have.
  public static let mostColors = 256

  private static let black = Color(0, 0, 0)

  /// - Parameter colors: the colour of each label, 1…256 of them.
  /// - Parameter names: the labels' names; those that are missing at the end are empty.
  /// - Parameter voidColor: the colour of pixels without a label, unless a label has it.
  public init(colors: [Color], names: [String] = [], voidColor: Color? = nil) {
    precondition(
      (1...Self.mostColors).contains(colors.count) && names.count <= colors.count,
      "a palette of \(colors.count) colours and \(names.count) names")
    self.colors = colors
    self.names = names + [String](repeating: "", count: colors.count - names.count)
    self.voidColor = voidColor
  }

  /// The label of each pixel of `rgb`, an image `width` pixels wide. O(N).
  ///
  /// Where several labels have the same colour, it is the first of them.
  /// - Throws: `InputError` naming the first pixel whose colour is not in the palette.
  public func labels(ofPixels rgb: [UInt8], width: Int) throws -> [UInt16] {
    precondition(rgb.count % 3 == 0 && width >= 1, "\(rgb.count) values, \(width) pixels wide")
    var known: [Color: UInt16] = [:]
    if let voidColor { known[voidColor] = Self.voidLabel }
    for (label, color) in colors.enumerated().reversed() { known[color] = UInt16(label) }
    // Neighbours mostly have the same colour, which saves looking it up.
    var last: (color: Color, label: UInt16)?
    return try (0..<rgb.count / 3).map { pixel in
      let color = Color(rgb[3 * pixel], rgb[3 * pixel + 1], rgb[3 * pixel + 2])
      if let last, last.color == color { return last.label }
      guard let label = known[color] else {
        throw InputError(
          .data,
          "pixel (\(pixel % width), \(pixel / width)) has the colour \(color), which none of the "
            + "palette's \(colors.count) labels has",
          remedy: "choose the palette that the labels were drawn with; it must be exact")
      }
      last = (color, label)
      return label
    }
  }

  /// The colour of `label`: that of void for `voidLabel` where there is none of its own, and black
  /// for other labels that the palette lacks.
  public func color(of label: UInt16) -> Color {
    if Int(label) < colors.count { return colors[Int(label)] }
    return label == Self.voidLabel ? voidColor ?? Self.black : Self.black
  }

  /// The image that shows `labels`: three bytes each. O(N).
  public func pixels(of labels: [UInt16]) -> [UInt8] {
    labels.flatMap { label in
      let color = color(of: label)
      return [color.red, color.green, color.blue]
    }
  }

  /// The colours of all labels up to `largest`, and at least of its own, three bytes each.
  package func bytes(forLabelsUpTo largest: Int) -> [UInt8] {
    pixels(of: (0..<max(colors.count, largest + 1)).map { UInt16($0) })
  }
}

extension Palette.Color: CustomStringConvertible {
  /// `(128, 0, 0)`.
  public var description: String { "(\(red), \(green), \(blue))" }
}
