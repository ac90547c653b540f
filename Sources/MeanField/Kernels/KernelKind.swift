import LatticeSupport
import Unaries

/// A kind of kernel that options can name, and the settings that it takes.
///
/// A new kernel has one of these beside it and is named once, in `all`: options, help texts,
/// messages and reports then know it.
public struct KernelKind: Sendable {
  /// What a setting holds.
  public enum SettingType: Sendable {
    /// `67`, or one an axis: `67x80`.
    case bandwidths
    /// A whole number above 0.
    case count
    /// The path of a file.
    case file
  }

  /// One setting: its key, what it holds, and whether it can be left out.
  public struct Parameter: Sendable {
    /// The key, as in `spatial=67`.
    public let key: String
    /// What it holds.
    public let type: SettingType
    /// Whether the kernel cannot do without.
    public let isRequired: Bool

    init(_ key: String, _ type: SettingType, isRequired: Bool = true) {
      self.key = key
      self.type = type
      self.isRequired = isRequired
    }
  }

  /// The name that options use.
  public let name: String
  /// What the kernel compares, in a few words.
  public let summary: String
  /// A description as an option has it.
  public let example: String
  /// The settings besides the weight.
  public let parameters: [Parameter]
  /// Whether there must be an image.
  public let needsImage: Bool
  /// Makes the kernel for scenes over a grid.
  let make: @Sendable (KernelSettings, GridShape, NamedArrays) throws -> any PairwiseKernel

  /// Every kind of kernel.
  public static let all: [KernelKind] = [.gaussian, .bilateral, .features]

  /// The kind called `name`.
  ///
  /// - Throws: `InputError` that lists the names where there is none.
  public static func named(_ name: String) throws -> KernelKind {
    guard let kind = all.first(where: { $0.name == name }) else {
      throw unknownName(name, of: "kernel", among: all.map(\.name))
    }
    return kind
  }
}

extension KernelKind {
  /// Neighbours ought to share a label.
  public static let gaussian = KernelKind(
    name: "gaussian", summary: "positions", example: "gaussian:weight=3,spatial=3",
    parameters: [Parameter("spatial", .bandwidths)], needsImage: false
  ) { settings, _, _ in
    SpatialGaussianKernel(sigma: settings.bandwidths("spatial"))
  }

  /// Neighbours of like colour ought to share a label.
  public static let bilateral = KernelKind(
    name: "bilateral", summary: "positions and colours",
    example: "bilateral:weight=4,spatial=67,color=3",
    parameters: [Parameter("spatial", .bandwidths), Parameter("color", .bandwidths)],
    needsImage: true
  ) { settings, _, _ in
    BilateralKernel(
      spatialSigma: settings.bandwidths("spatial"), colorSigma: settings.bandwidths("color"))
  }

  /// Points of like features, read from a file, ought to share a label.
  public static let features = KernelKind(
    name: "features", summary: "features of your own, from an NPY file",
    example: "features:weight=2,file=f.npy",
    parameters: [
      Parameter("file", .file), Parameter("sigma", .bandwidths, isRequired: false),
      Parameter("components", .count, isRequired: false),
    ], needsImage: false
  ) { settings, grid, arrays in
    let path = settings.file("file")
    let sigma = settings.values["sigma"].map { _ in settings.bandwidths("sigma") }
    do {
      return try FeatureKernel(
        arrays.array(path), on: grid, scaling: sigma.map { .bandwidths($0) } ?? .unit,
        components: settings.count("components"))
    } catch let error as InputError {
      throw error.at(path)
    }
  }
}
