import LatticePluginHeader
import LatticeSupport
import Unaries

/// A unary of a plug-in.
struct PluginUnary: Unary {
  let labelCount: Int
  private let kind: PluginKind<latticecrf_plugin_unary>
  private let object: PluginObject

  /// What labels are numbered with.
  private static let mostLabels = Int32(UInt16.max) + 1

  static func kind(_ kind: PluginKind<latticecrf_plugin_unary>) throws -> UnaryKind {
    try kind.require([
      "labels": kind.structure.pointee.labels != nil,
      "energies": kind.structure.pointee.energies != nil,
    ])
    try kind.checkExample()
    return UnaryKind(
      name: kind.name, summary: kind.summary, settings: kind.settings, example: kind.example,
      needsImage: kind.needsImage
    ) { settings, context in
      try PluginUnary(kind, try kind.object(settings, context))
    }
  }

  private init(_ kind: PluginKind<latticecrf_plugin_unary>, _ object: PluginObject) throws {
    var labels: Int32 = 0
    try kind.call { kind.structure.pointee.labels(object.pointer, &labels, $0) }
    guard (1...Self.mostLabels).contains(labels) else {
      throw kind.refusal("has \(labels) labels, but must have 1…\(Self.mostLabels)")
    }
    labelCount = Int(labels)
    self.kind = kind
    self.object = object
  }

  func energies(for scene: Scene) throws -> EnergyField {
    try kind.checkImage(of: scene)
    var values = ChannelField(points: scene.grid.count, channels: labelCount)
    let stride = values.stride
    try scene.withPluginScene { pluginScene in
      try values.withUnsafeMutableBufferPointer { values in
        // What is not written is found out.
        values.update(repeating: .nan)
        try kind.call(.automatic) {
          kind.structure.pointee.energies(
            object.pointer, pluginScene, values.baseAddress, Int32(labelCount), Int64(stride), $0)
        }
      }
    }
    do {
      return try EnergyField(grid: scene.grid, values: values)
    } catch let error as InputError {
      throw kind.refusal("gives scores of no use: \(error.problem)")
    }
  }
}

/// A refinement of a plug-in.
struct PluginRefinement: Refinement {
  let name: String
  let reach: Reach
  private let kind: PluginKind<latticecrf_plugin_refinement>
  private let object: PluginObject

  static func kind(
    _ kind: PluginKind<latticecrf_plugin_refinement>
  ) throws -> RefinementKind {
    try kind.require(["refine": kind.structure.pointee.refine != nil])
    try kind.checkExample()
    return RefinementKind(
      name: kind.name, summary: kind.summary, settings: kind.settings, example: kind.example
    ) { settings, context in
      PluginRefinement(
        name: kind.text(settings), reach: try kind.reach(settings) ?? .everywhere, kind: kind,
        object: try kind.object(settings, context))
    }
  }

  private init(
    name: String, reach: Reach, kind: PluginKind<latticecrf_plugin_refinement>,
    object: PluginObject
  ) {
    self.name = name
    self.reach = reach
    self.kind = kind
    self.object = object
  }

  var needsImage: String? { kind.imageReason }

  func refine(
    _ energies: consuming EnergyField, over scene: Scene, _ request: RefinementRequest
  ) throws -> Refined {
    try kind.checkImage(of: scene)
    var report = RefinementReport()
    let takesProbabilities = kind.has(LATTICECRF_PLUGIN_TAKES_PROBABILITIES)
    let marginals = try report.measure(.inference, consuming: consume energies) { energies in
      let scores =
        takesProbabilities
        ? energies.probabilities(parallelism: request.parallelism) : energies.values
      return try refined(scores, scene, request.parallelism)
    }
    return Refined(marginals, report: report)
  }

  private func refined(
    _ scores: ChannelField, _ scene: Scene, _ parallelism: Parallelism
  ) throws -> Marginals {
    var marginals = ChannelField(points: scores.points, channels: scores.channels)
    let (labels, stride) = (Int32(scores.channels), Int64(scores.stride))
    try scene.withPluginScene { pluginScene in
      try scores.withUnsafeBufferPointer { scores in
        try marginals.withUnsafeMutableBufferPointer { marginals in
          try kind.call(parallelism) {
            kind.structure.pointee.refine(
              object.pointer, pluginScene, scores.baseAddress, labels, stride,
              marginals.baseAddress, $0)
          }
        }
      }
    }
    do {
      return try Marginals(grid: scene.grid, values: marginals)
    } catch let error as InputError {
      throw kind.refusal("gives no probabilities: \(error.problem)")
    }
  }
}

/// A label filter of a plug-in.
struct PluginLabelFilter: LabelFilter {
  let name: String
  let reach: Reach
  private let kind: PluginKind<latticecrf_plugin_label_filter>
  private let object: PluginObject

  static func kind(
    _ kind: PluginKind<latticecrf_plugin_label_filter>
  ) throws -> LabelFilterKind {
    try kind.require(["clean": kind.structure.pointee.clean != nil])
    try kind.checkExample()
    return LabelFilterKind(
      name: kind.name, summary: kind.summary, settings: kind.settings, example: kind.example
    ) { settings, context in
      PluginLabelFilter(
        name: kind.text(settings), reach: try kind.reach(settings) ?? .everywhere, kind: kind,
        object: try kind.object(settings, context))
    }
  }

  private init(
    name: String, reach: Reach, kind: PluginKind<latticecrf_plugin_label_filter>,
    object: PluginObject
  ) {
    self.name = name
    self.reach = reach
    self.kind = kind
    self.object = object
  }

  var needsMarginals: String? {
    kind.has(LATTICECRF_PLUGIN_NEEDS_MARGINALS)
      ? "looks at the probabilities of labels (\(kind.summary))" : nil
  }

  func filter(
    _ labels: LabelMap, _ marginals: Marginals?, over scene: Scene, parallelism: Parallelism
  ) throws -> LabelMap {
    try kind.checkImage(of: scene)
    var cleaned = labels
    let values = marginals?.values
    let (count, stride) = (Int32(values?.channels ?? 0), Int64(values?.stride ?? 0))
    try scene.withPluginScene { pluginScene in
      try labels.labels.withUnsafeBufferPointer { labels in
        try cleaned.labels.withUnsafeMutableBufferPointer { cleaned in
          func clean(_ marginals: UnsafePointer<Float>?) throws {
            try kind.call(parallelism) {
              kind.structure.pointee.clean(
                object.pointer, pluginScene, labels.baseAddress, marginals, count, stride,
                cleaned.baseAddress, $0)
            }
          }
          if let values {
            try values.withUnsafeBufferPointer { try clean($0.baseAddress) }
          } else {
            try clean(nil)
          }
        }
      }
    }
    return cleaned
  }
}
