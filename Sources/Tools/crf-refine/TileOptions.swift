import ArgumentParser
import MeanField
import LatticeSupport
import ToolSupport

/// How images that are too large for memory are cut.
struct TileOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Refine the image in overlapping tiles of this size, such as 2048 or 2048x1024 (width x "
        + "height): memory is that of a tile and of a band of the image. How much tiles disagree "
        + "beside their seams is printed.", valueName: "size"))
  var tile: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "With --tile: the pixels that neighbouring tiles share at least; more makes seams fainter. "
        + "(default: \(TileSettings.overlapPerBandwidth) times the largest bandwidth of positions, "
        + "at least \(TileSettings.leastDefaultOverlap))", valueName: "pixels"))
  var overlap: Int?
}

/// The size of tiles, and what they share.
struct TileSettings {
  var size: TileSize
  var overlap: Int

  /// Each tile then sees three bandwidths beyond its core, within which a Gaussian has 99.7 % of
  /// its mass.
  static let overlapPerBandwidth = 6
  static let leastDefaultOverlap = 32
  /// The lines beside a seam must be in both tiles.
  private static let leastOverlap = 2

  /// `nil` where no tiles are asked for.
  ///
  /// - Throws: `InputError` where an option cannot be followed, or the kernels cannot be cut.
  init?(_ options: TileOptions, kernels: [KernelDescription]) throws {
    guard let text = options.tile else {
      try OptionCheck.refuse(
        ["--overlap": options.overlap != nil],
        because: "says how far tiles overlap, but there are none",
        remedy: "add --tile SIZE, or leave it out")
      return nil
    }
    size = try Self.size(text)
    // Without positions every pixel is the neighbour of every other, and no overlap is large
    // enough.
    if let kernel = kernels.first(where: { $0.largestSpatialBandwidth == nil }) {
      throw InputError(
        .usage, at: "--tile",
        "cannot be combined with --kernel \(kernel): it compares pixels wherever they are, and "
          + "tiles would leave most of them out", remedy: "leave --tile or the kernel out")
    }
    let bandwidth = kernels.compactMap(\.largestSpatialBandwidth).max() ?? 0
    // A bandwidth may be as large as a float; no tile is.
    let reach = Int(min(bandwidth, 1e6).rounded(.up))
    overlap = options.overlap ?? max(Self.leastDefaultOverlap, Self.overlapPerBandwidth * reach)
    guard overlap >= Self.leastOverlap else {
      throw InputError(
        .usage, at: "--overlap", "is \(overlap), but must be at least \(Self.leastOverlap)",
        remedy: "leave it out for \(Self.overlapPerBandwidth) times the largest bandwidth")
    }
    guard 2 * overlap <= min(size.width, size.height) else {
      let source =
        options.overlap == nil
        ? " (\(Self.overlapPerBandwidth) times the largest bandwidth of positions)" : ""
      throw InputError(
        .usage, at: options.overlap == nil ? "--tile" : "--overlap",
        "the overlap of \(overlap)\(source) is more than half of a tile of \(size)",
        remedy: "give a tile of at least \(2 * overlap), or a smaller --overlap")
    }
  }

  private static func size(_ text: String) throws -> TileSize {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    let extents = parts.compactMap { Int($0) }
    guard (1...2).contains(parts.count), extents.count == parts.count,
      extents.allSatisfy({ (1...1_000_000).contains($0) })
    else {
      throw InputError(
        .usage, at: "--tile", "is '\(text)', which is no size of a tile",
        remedy: "give pixels, as in 2048, or a width and a height, as in 2048x1024")
    }
    return TileSize(width: extents[0], height: extents[extents.count - 1])
  }
}
