import Lattice
import LatticePluginHeader
import LatticeSupport
import MeanField
import Unaries

/// A kernel of a plug-in.
struct PluginKernel: PairwiseKernel {
  let name: String
  private let kind: PluginKind<latticecrf_plugin_kernel>
  private let object: PluginObject

  /// The most features of a point, which is the lattice's.
  private static let mostDimensions: Int32 = 255
  /// Keys of terms, which a kernel's settings would hide.
  private static let keysOfTerms = ["weight", "compatibility", "normalization", "self"]

  static func kind(_ kind: PluginKind<latticecrf_plugin_kernel>) throws -> KernelKind {
    try kind.require([
      "dimensions": kind.structure.pointee.dimensions != nil,
      "features": kind.structure.pointee.features != nil,
    ])
    if let key = kind.settings.map(\.key).first(where: keysOfTerms.contains) {
      throw InputError(
        .data, "the setting '\(key)' of \(quoted(kind.name)) is one that every term has",
        remedy: "call it something else")
    }
    // The example is a term, which has settings that are not the kernel's.
    let example = kind.example == kind.name ? "\(kind.name):weight=1" : kind.example
    let reach: @Sendable (Settings) -> Reach = { settings in
      (try? kind.reach(settings)) ?? Reach.everywhere
    }
    let make: @Sendable (Settings, GridShape, DescriptionContext) throws -> any PairwiseKernel = {
      settings, _, context in
      PluginKernel(
        name: kind.text(settings), kind: kind, object: try kind.object(settings, context))
    }
    return KernelKind(
      name: kind.name, summary: kind.summary, settings: kind.settings, example: example,
      needsImage: kind.needsImage, reach: kind.head.pointee.reach == nil ? nil : reach, make: make)
  }

  private init(
    name: String, kind: PluginKind<latticecrf_plugin_kernel>, object: PluginObject
  ) {
    self.name = name
    self.kind = kind
    self.object = object
  }

  func features(for scene: Scene, parallelism: Parallelism) throws -> FeatureMatrix {
    try kind.checkImage(of: scene)
    let functions = kind.structure.pointee
    return try scene.withPluginScene { pluginScene in
      var dimensions: Int32 = 0
      try kind.call(parallelism) {
        functions.dimensions(object.pointer, pluginScene, &dimensions, $0)
      }
      guard (1...Self.mostDimensions).contains(dimensions) else {
        throw kind.refusal(
          "gives a point \(dimensions) features, but must give it 1…\(Self.mostDimensions)")
      }
      do {
        return try FeatureMatrix(
          points: scene.grid.count, dimensions: Int(dimensions), extents: scene.grid.extents
        ) { features in
          // What is not written is found out.
          features.update(repeating: .nan)
          try kind.call(parallelism) {
            functions.features(
              object.pointer, pluginScene, features.baseAddress, dimensions, $0)
          }
        }
      } catch LatticeError.notFinite(let point, let dimension, let value) {
        throw kind.refusal(
          "gives feature \(dimension) of point \(point) the value \(value), but features must be "
            + "finite")
      }
    }
  }
}

extension PluginKind {
  /// The kind with its settings, as options have it.
  func text(_ settings: Settings) -> String {
    let text = settings.text
    return text.isEmpty ? name : "\(name):\(text)"
  }
}

/// A compatibility of a plug-in.
struct PluginCompatibility: LabelCompatibility {
  private let kind: PluginKind<latticecrf_plugin_compatibility>
  private let object: PluginObject

  static func kind(
    _ kind: PluginKind<latticecrf_plugin_compatibility>
  ) throws -> CompatibilityKind {
    try kind.require(["costs": kind.structure.pointee.costs != nil])
    return CompatibilityKind(
      name: kind.name, summary: kind.summary, settings: kind.settings, example: kind.example
    ) { settings, context in
      PluginCompatibility(kind: kind, object: try kind.object(settings, context))
    }
  }

  private init(kind: PluginKind<latticecrf_plugin_compatibility>, object: PluginObject) {
    self.kind = kind
    self.object = object
  }

  /// The costs in the cheapest form that holds them.
  func factors(labelCount: Int) throws -> CompatibilityFactors {
    var costs = [Float](repeating: .nan, count: labelCount * labelCount)
    try costs.withUnsafeMutableBufferPointer { costs in
      try kind.call {
        kind.structure.pointee.costs(object.pointer, Int32(labelCount), costs.baseAddress, $0)
      }
    }
    if let index = costs.firstIndex(where: { !$0.isFinite }) {
      let (row, column) = index.quotientAndRemainder(dividingBy: labelCount)
      throw kind.refusal(
        "gives labels \(row) and \(column) the cost \(costs[index]), but costs must be finite")
    }
    let isDiagonal = costs.indices.allSatisfy { index in
      costs[index] == 0 || index / labelCount == index % labelCount
    }
    guard isDiagonal else { return .matrix(costs) }
    return try DiagonalCompatibility((0..<labelCount).map { costs[$0 * (labelCount + 1)] })
      .factors(labelCount: labelCount)
  }
}
