import LatticeSupport
import Unaries

/// How the contents of label files are to be understood.
public struct LabelReading: Sendable, Equatable {
  /// What colours stand for; `nil` where that is not known.
  public var palette: Palette?
  /// Whether pictures whose three channels are equal everywhere hold numbers, as programs write
  /// them that stack channels; `false` where somebody has said that they are colours.
  public var takesGrayForNumbers: Bool
  /// What numbers stand for; `nil` where they are the labels.
  public var mapping: LabelMapping?

  /// - Parameters:
  ///   - palette: what colours stand for.
  ///   - isPaletteChosen: whether somebody has chosen the palette, so that gray is a colour too; a
  ///     default that was not asked for leaves gray pictures alone.
  ///   - mapping: what numbers stand for.
  public init(
    palette: Palette? = nil, isPaletteChosen: Bool = true, mapping: LabelMapping? = nil
  ) {
    self.palette = palette
    takesGrayForNumbers = palette == nil || !isPaletteChosen
    self.mapping = mapping
  }
}
