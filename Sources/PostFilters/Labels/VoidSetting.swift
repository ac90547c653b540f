import LatticeSupport
import Unaries

/// The setting `void`, which all label filters take alike.
enum VoidSetting {
  static let setting = Setting(
    "void", .count(0...65535), "the label of pixels without one, which are left alone",
    default: .count(Int(Palette.voidLabel)))

  static func label(_ settings: Settings) -> UInt16 {
    settings.count("void").flatMap(UInt16.init(exactly:)) ?? Palette.voidLabel
  }
}
