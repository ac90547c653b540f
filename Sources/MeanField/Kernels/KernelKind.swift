import LatticeSupport
import Unaries

/// A kind of kernel that descriptions can name, and the settings that it takes.
///
/// A new kernel has one of these beside it and is named once, in `registry`: options, help texts,
/// messages, files, tuning, C and Python then know it.
public struct KernelKind: NamedKind {
  /// What messages call it.
  public static let noun = "kernel"

  /// What descriptions call it.
  public let name: String
  /// What it does, in a few words.
  public let summary: String
  /// What it takes.
  public let settings: [Setting]
  /// A description of one.
  public let example: String
  /// Whether there must be an image.
  public let needsImage: Bool
  /// How far the kernel of some settings reaches, in steps of the grid.
  public let reach: @Sendable (Settings) -> Reach
  /// Makes the kernel that settings describe, for scenes over a grid.
  public let make: @Sendable (Settings, GridShape, DescriptionContext) throws -> any PairwiseKernel

  /// - Parameters:
  ///   - name: what descriptions call it.
  ///   - summary: what it compares, in a few words: `positions and colours`.
  ///   - settings: what it takes, besides the weight of its term.
  ///   - example: a term of it as an option has it.
  ///   - needsImage: whether there must be an image.
  ///   - reach: how far it reaches; unless given, three times the largest of the bandwidths
  ///     `spatial`, within which a Gaussian has 99.7 % of its mass, or everywhere without them.
  ///   - make: makes the kernel that settings describe; throws `InputError`.
  public init(
    name: String, summary: String, settings: [Setting], example: String, needsImage: Bool,
    reach: (@Sendable (Settings) -> Reach)? = nil,
    make:
      @escaping @Sendable (Settings, GridShape, DescriptionContext) throws
      -> any PairwiseKernel
  ) {
    self.name = name
    self.summary = summary
    self.settings = settings
    self.example = example
    self.needsImage = needsImage
    self.reach = reach ?? Self.reachOfPositions
    self.make = make
  }

  /// Every kind by its name.
  public static let registry = Registry<KernelKind>([.gaussian, .bilateral, .lab, .features])

  /// Within so many bandwidths a Gaussian has 99.7 % of its mass.
  private static let bandwidthsOfReach: Float = 3
  /// A bandwidth may be as large as a float; no grid is.
  private static let longestReach: Float = 1e6

  private static let reachOfPositions: @Sendable (Settings) -> Reach = { settings in
    guard settings.declared.contains(where: { $0.key == "spatial" }),
      let sigma = settings.bandwidths("spatial")?.values.max()
    else { return .everywhere }
    // How many steps that is depends on the scene.
    if settings.bandwidths("spatial")?.isInMillimetres == true { return .everywhere }
    return .steps(Int(bandwidthsOfReach * min(sigma, longestReach).rounded(.up)))
  }
}

extension Setting {
  /// The bandwidths of positions.
  public static let spatial = Setting(
    "spatial", .bandwidths,
    "σ of positions in pixels, or with a spacing in millimetres (6mm); one value, or one per axis (x "
      + "first)")
  /// The bandwidths of colours.
  public static let color = Setting(
    "color", .bandwidths,
    "σ of colours in the image's units (0…255); one value, or one per channel")
}

extension Settings {
  /// The bandwidths of a setting that the kind cannot do without.
  public func required(_ key: String) -> Bandwidths {
    guard let value = bandwidths(key) else {
      preconditionFailure("the bandwidths '\(key)' are missing")
    }
    return value
  }
}

extension Description<KernelKind> {
  /// The kernel, for scenes over a grid.
  ///
  /// - Throws: `InputError` where an array that it needs cannot be used.
  public func kernel(
    on grid: GridShape, context: DescriptionContext = .none
  ) throws -> any PairwiseKernel {
    try kind.make(settings, grid, context)
  }
}
