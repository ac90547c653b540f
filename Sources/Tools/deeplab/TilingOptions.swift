import ArgumentParser
import DeepLabNet
import LatticeSupport
import ToolSupport

/// How large photographs are shown to a network.
struct TilingOptions: ParsableArguments {
  /// As wide as the blurred rim of a 513² crop's scores.
  static let defaultOverlap = 128

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Show large photographs to the network in overlapping squares of this size, and blend.",
      valueName: "pixels"))
  var tile: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "With --tile: the pixels that neighbouring tiles share at least. "
        + "(default: \(TilingOptions.defaultOverlap), at most half of a tile)",
      valueName: "pixels"))
  var overlap: Int?

  /// Lets the network look at squares, where they are asked for.
  ///
  /// - Throws: `InputError` naming the option that cannot be followed.
  func apply(to network: inout NetworkSettings) throws {
    network.views.tiles = try tiles()
    guard network.proposals != nil else { return }
    try OptionCheck.refuse(
      ["--tile": tile != nil],
      because: "cuts the image into tiles, but the network looks at proposals",
      remedy: "leave one of them out")
  }

  private func tiles() throws -> Tiling? {
    guard let tile else {
      try OptionCheck.refuse(
        ["--overlap": overlap != nil],
        because: "says how far tiles overlap, but there are none",
        remedy: "add --tile SIZE, or leave it out")
      return nil
    }
    return try OptionCheck.naming("--tile") {
      try Tiling(size: tile, overlap: overlap ?? min(Self.defaultOverlap, tile / 2))
    }
  }
}
