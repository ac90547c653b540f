import LatticeCHeader
import LatticeSupport
import PostFilters
import Unaries

/// `latticecrf_domain_transform_apply`.
@_cdecl("latticecrf_domain_transform_apply")
public func applyDomainTransform(
  _ filter: UnsafePointer<latticecrf_domain_transform>?, _ extents: UnsafePointer<Int64>?,
  _ rank: Int32, _ values: UnsafePointer<Float>?, _ count: Int64, _ channels: Int32,
  _ edges: UnsafePointer<Float>?, _ edgeCount: Int64, _ output: UnsafeMutablePointer<Float>?,
  _ outputCount: Int64
) -> Int32 {
  call {
    let settings = try Arguments.structure(
      filter, "filter", defaults: latticecrf_domain_transform())
    let given = try EdgeFilterArguments(
      extents, rank, values, count, channels, threads: settings.threads)
    let transform = try DomainTransform(settings, given.map(edges, edgeCount))
    let target = try given.target(output, outputCount)
    let scene = Scene(grid: given.grid)
    try target(transform.filter(given.field(), over: scene, parallelism: given.parallelism))
  }
}

/// `latticecrf_domain_transform_gradient`.
@_cdecl("latticecrf_domain_transform_gradient")
public func differentiateDomainTransform(
  _ filter: UnsafePointer<latticecrf_domain_transform>?, _ extents: UnsafePointer<Int64>?,
  _ rank: Int32, _ values: UnsafePointer<Float>?, _ count: Int64, _ channels: Int32,
  _ edges: UnsafePointer<Float>?, _ edgeCount: Int64, _ upstream: UnsafePointer<Float>?,
  _ upstreamCount: Int64, _ gradients: UnsafePointer<latticecrf_filter_gradients>?
) -> Int32 {
  call {
    let settings = try Arguments.structure(
      filter, "filter", defaults: latticecrf_domain_transform())
    let given = try EdgeFilterArguments(
      extents, rank, values, count, channels, threads: settings.threads)
    let transform = try DomainTransform(settings, given.map(edges, edgeCount))
    let targets = try given.targets(gradients, guideChannels: 1, parameters: 2)
    let found = try transform.gradients(
      of: given.field(), on: given.grid, upstream: given.field(upstream, upstreamCount),
      parallelism: given.parallelism)
    try Cancellation.check()
    targets.write(found.scores, guide: found.edges, [found.sigmaSpatial, found.sigmaColor])
  }
}

/// `latticecrf_guided_filter_apply`.
@_cdecl("latticecrf_guided_filter_apply")
public func applyGuidedFilter(
  _ filter: UnsafePointer<latticecrf_guided_filter>?, _ extents: UnsafePointer<Int64>?,
  _ rank: Int32, _ values: UnsafePointer<Float>?, _ count: Int64, _ channels: Int32,
  _ guide: UnsafePointer<Float>?, _ guideCount: Int64, _ guideChannels: Int32,
  _ output: UnsafeMutablePointer<Float>?, _ outputCount: Int64
) -> Int32 {
  call {
    let settings = try Arguments.structure(
      filter, "filter", defaults: latticecrf_guided_filter())
    let given = try EdgeFilterArguments(
      extents, rank, values, count, channels, threads: settings.threads)
    let guided = try GuidedFilter(settings)
    let rows = try given.guide(guide, guideCount, channels: guideChannels)
    let target = try given.target(output, outputCount)
    try target(
      guided.filter(
        given.field(), guide: rows, on: given.grid, parallelism: given.parallelism))
  }
}

/// `latticecrf_guided_filter_gradient`.
@_cdecl("latticecrf_guided_filter_gradient")
public func differentiateGuidedFilter(
  _ filter: UnsafePointer<latticecrf_guided_filter>?, _ extents: UnsafePointer<Int64>?,
  _ rank: Int32, _ values: UnsafePointer<Float>?, _ count: Int64, _ channels: Int32,
  _ guide: UnsafePointer<Float>?, _ guideCount: Int64, _ guideChannels: Int32,
  _ upstream: UnsafePointer<Float>?, _ upstreamCount: Int64,
  _ gradients: UnsafePointer<latticecrf_filter_gradients>?
) -> Int32 {
  call {
    let settings = try Arguments.structure(
      filter, "filter", defaults: latticecrf_guided_filter())
    let given = try EdgeFilterArguments(
      extents, rank, values, count, channels, threads: settings.threads)
    let guided = try GuidedFilter(settings)
    let rows = try given.guide(guide, guideCount, channels: guideChannels)
    let targets = try given.targets(
      gradients, guideChannels: rows.count / given.grid.count, parameters: 1)
    let found = try guided.gradients(
      of: given.field(), guide: rows, on: given.grid,
      upstream: given.field(upstream, upstreamCount), parallelism: given.parallelism)
    try Cancellation.check()
    targets.write(found.scores, guide: found.guide, [found.epsilon])
  }
}

extension DomainTransform {
  fileprivate init(_ given: latticecrf_domain_transform, _ edges: NumericArray) throws {
    for (name, sigma) in [
      ("sigma_spatial", given.sigma_spatial), ("sigma_range", given.sigma_range),
    ] where !(sigma > 0 && sigma.isFinite) {
      throw CallError.argument("\(name) is \(sigma), but must be above 0")
    }
    self.init(
      sigmaSpatial: given.sigma_spatial, sigmaColor: given.sigma_range,
      iterations: given.iterations == 0
        ? 3 : try Arguments.integer(given.iterations, in: 1...500, "the number of iterations"),
      edges: .map(edges))
  }
}

extension GuidedFilter {
  fileprivate init(_ given: latticecrf_guided_filter) throws {
    guard given.epsilon >= Self.leastEpsilon, given.epsilon.isFinite else {
      throw CallError.argument(
        "epsilon is \(given.epsilon), but must be at least \(Self.leastEpsilon)")
    }
    self.init(
      radius: try Arguments.integer(given.radius, in: 1...1024, "the radius"),
      epsilon: given.epsilon, border: given.reflects == 0 ? .clip : .reflect)
  }
}

/// What the calls of edge-aware filters have in common, checked.
private struct EdgeFilterArguments {
  let grid: GridShape
  let parallelism: Parallelism
  private let channels: Int
  private let values: UnsafePointer<Float>

  init(
    _ extents: UnsafePointer<Int64>?, _ rank: Int32, _ values: UnsafePointer<Float>?,
    _ count: Int64, _ channels: Int32, threads: Int32
  ) throws {
    grid = try Arguments.grid(extents, rank: rank)
    self.channels = try Arguments.integer(
      channels, in: 1...Arguments.mostLabels, "the number of channels")
    parallelism = try Arguments.parallelism(threads: threads)
      .suited(to: grid.count * self.channels)
    self.values = try Arguments.pointer(values, "values")
    try Arguments.count(count, self.channels, grid.count, "the array of values")
    try Arguments.memory(labels: self.channels, on: grid)
  }

  private func read(
    _ values: UnsafePointer<Float>, channels: Int, _ name: String, magnitude: Float
  ) throws -> ChannelField {
    let layout = ChannelLayout.channelsFirst
    try layout.check(
      values, points: grid.count, channels: channels, magnitude: magnitude, name,
      channelName: "channel", parallelism: parallelism)
    return layout.field(
      values, points: grid.count, channels: channels, padding: 0, parallelism: parallelism)
  }

  func field() throws -> ChannelField {
    try read(values, channels: channels, "the value", magnitude: Arguments.largestEnergy)
  }

  func field(_ upstream: UnsafePointer<Float>?, _ count: Int64) throws -> ChannelField {
    let upstream = try Arguments.pointer(upstream, "upstream")
    try Arguments.count(count, channels, grid.count, "the upstream gradient")
    return try read(
      upstream, channels: channels, "the gradient", magnitude: Arguments.largestEnergy)
  }

  func map(_ edges: UnsafePointer<Float>?, _ count: Int64) throws -> NumericArray {
    let edges = try Arguments.pointer(edges, "edges")
    try Arguments.count(count, 1, grid.count, "the edge map")
    return try NumericArray(
      shape: grid.extents, values: Array(UnsafeBufferPointer(start: edges, count: grid.count)))
  }

  /// N × channels.
  func guide(
    _ guide: UnsafePointer<Float>?, _ count: Int64, channels: Int32
  ) throws -> [Float] {
    let guide = try Arguments.pointer(guide, "guide")
    let channels = try Arguments.integer(
      channels, in: 1...ImageArguments.mostChannels, "the number of the guide's channels")
    try Arguments.count(count, channels, grid.count, "the guide")
    return try read(
      guide, channels: channels, "the guide", magnitude: Arguments.largestFeature
    ).rows()
  }

  /// Writes what a filter gave.
  func target(
    _ output: UnsafeMutablePointer<Float>?, _ count: Int64
  ) throws -> (ChannelField) throws -> Void {
    let output = try Arguments.pointer(output, "output")
    try Arguments.count(count, channels, grid.count, "the output")
    return { [parallelism] field in
      try Cancellation.check()
      field.writePlanes(to: output, parallelism: parallelism)
    }
  }

  func targets(
    _ gradients: UnsafePointer<latticecrf_filter_gradients>?, guideChannels: Int, parameters: Int
  ) throws -> Targets {
    let given = try Arguments.structure(
      gradients, "gradients", defaults: latticecrf_filter_gradients())
    if given.values != nil {
      _ = try Arguments.pointer(given.values, "values")
      try Arguments.count(given.value_count, channels, grid.count, "the gradient by values")
    }
    if given.guide != nil {
      _ = try Arguments.pointer(given.guide, "guide")
      try Arguments.count(
        given.guide_count, guideChannels, grid.count, "the gradient by the guide")
    }
    if given.parameters != nil {
      _ = try Arguments.pointer(given.parameters, "parameters", alignment: 8)
      try Arguments.count(
        given.parameter_count, 1, parameters, "the gradient by parameters")
    }
    return Targets(given: given, parallelism: parallelism)
  }

  struct Targets {
    let given: latticecrf_filter_gradients
    let parallelism: Parallelism

    /// - Parameter guide: N × channels.
    func write(_ values: ChannelField, guide: [Float], _ parameters: [Double]) {
      if let target = given.values { values.writePlanes(to: target, parallelism: parallelism) }
      if let target = given.guide {
        let (points, channels) = (values.points, guide.count / values.points)
        for (index, value) in guide.enumerated() {
          target[index % channels * points + index / channels] = value
        }
      }
      if let target = given.parameters {
        target.update(from: parameters, count: parameters.count)
      }
    }
  }
}
