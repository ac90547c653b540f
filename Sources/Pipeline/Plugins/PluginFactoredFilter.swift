import Lattice
import LatticePluginHeader
import LatticeSupport

/// A filter of a plug-in that is a product of splat, blur and slice: swept with all others, and
/// only the blur is the plug-in's.
struct PluginFactoredFilter: FactoredFilter {
  private(set) var splatMatrix: SplatMatrix
  let rowCount: Int
  let gain: Float
  private let loaded: LoadedFilter
  private let parallelism: Parallelism
  /// Floats for each column of a panel.
  private let scratch: Int
  /// What the weights were multiplied with.
  private var scales: [Float]?

  private static let mostCorners: Int32 = 256

  /// - Parameter runs: the points of each segment.
  /// - Throws: `InputError` where the factors do not fit together.
  init(
    _ loaded: LoadedFilter, _ features: FeatureMatrix, runs: [Range<Int>],
    parallelism: Parallelism
  ) throws {
    let kind = loaded.kind
    var factors = latticecrf_plugin_factors()
    factors.size = Int64(MemoryLayout<latticecrf_plugin_factors>.size)
    try kind.call(parallelism) {
      kind.structure.pointee.factors(loaded.pointer, &factors, $0)
    }
    guard (1...Self.mostCorners).contains(factors.corners), factors.gain.isFinite,
      factors.scratch >= 0, factors.scratch <= 1 << 40
    else {
      throw kind.refusal(
        "has factors with \(factors.corners) corners, a gain of \(factors.gain) and "
          + "\(factors.scratch) floats of scratch memory, but there must be "
          + "1…\(Self.mostCorners) corners, a finite gain and no negative memory")
    }
    let corners = Int(factors.corners)
    let segments = try Self.segments(factors, features, runs: runs, kind)
    guard let vertices = factors.vertices, let weights = factors.weights else {
      throw kind.refusal("has factors without vertices or weights")
    }
    splatMatrix = try Self.matrix(
      vertices, weights, corners: corners, segments: segments, kind)
    rowCount = Int(factors.rows)
    gain = factors.gain
    scratch = Int(factors.scratch)
    self.loaded = loaded
    self.parallelism = parallelism
  }

  private static func segments(
    _ factors: latticecrf_plugin_factors, _ features: FeatureMatrix, runs: [Range<Int>],
    _ kind: PluginKind<latticecrf_plugin_filter>
  ) throws -> [SplatMatrix.Segment] {
    guard let first = factors.first_rows else {
      throw kind.refusal("has factors without 'first_rows'")
    }
    guard factors.rows >= 1, factors.rows <= Int64(UInt32.max), first[0] >= 1,
      runs.indices.allSatisfy({ first[$0] <= first[$0 + 1] }), first[runs.count] <= factors.rows
    else {
      throw kind.refusal(
        "has factors of \(factors.rows) rows, in which the runs of points do not have rows of "
          + "their own one after the other, from row 1 on")
    }
    return runs.enumerated().map { index, points in
      SplatMatrix.Segment(
        points: points, rows: Int(first[index])..<Int(first[index + 1]),
        visits: SplatMatrix.visits(of: points, lineLength: features.lineLength))
    }
  }

  /// The entries in the order in which points are visited.
  private static func matrix(
    _ vertices: UnsafePointer<UInt32>, _ weights: UnsafePointer<Float>, corners: Int,
    segments: [SplatMatrix.Segment], _ kind: PluginKind<latticecrf_plugin_filter>
  ) throws -> SplatMatrix {
    let count = (segments.last?.points.upperBound ?? 0) * corners
    var ordered = (vertices: [UInt32](), weights: [Float]())
    ordered.vertices.reserveCapacity(count)
    ordered.weights.reserveCapacity(count)
    for segment in segments {
      for visit in segment.visits {
        let entries = visit.lowerBound * corners..<visit.upperBound * corners
        for entry in entries {
          guard Int(vertices[entry]) < segment.rows.count, weights[entry].isFinite else {
            throw kind.refusal(
              "has factors in which point \(entry / corners) has the weight \(weights[entry]) for "
                + "row \(vertices[entry]) of the \(segment.rows.count) of its run")
          }
        }
        ordered.vertices.append(
          contentsOf: UnsafeBufferPointer(
            start: vertices + entries.lowerBound, count: entries.count))
        ordered.weights.append(
          contentsOf: UnsafeBufferPointer(
            start: weights + entries.lowerBound, count: entries.count))
      }
    }
    return SplatMatrix(
      corners: corners, segments: segments, vertices: ordered.vertices, weights: ordered.weights)
  }

  var points: Int { loaded.points }
  var failure: (any Error)? { loaded.failure }

  func apply(to values: ChannelField, into output: inout ChannelField) {
    apply(to: values, into: &output, parallelism: parallelism)
  }

  /// As long as its blur has no transposed form.
  var isSymmetric: Bool { loaded.kind.structure.pointee.blur_transposed == nil }

  func applyTransposed(to values: ChannelField, into output: inout ChannelField) {
    apply(to: values, into: &output, parallelism: parallelism) { rows, scratch in
      blurTransposed(rows, scratch: scratch)
    }
  }

  func blurScratch(stride: Int) -> Int { scratch * stride }

  func blur(_ rows: RowPanels, scratch: UnsafeMutableBufferPointer<Float>) {
    blur(rows, scratch, loaded.kind.structure.pointee.blur)
  }

  func blurTransposed(_ rows: RowPanels, scratch: UnsafeMutableBufferPointer<Float>) {
    let functions = loaded.kind.structure.pointee
    blur(rows, scratch, functions.blur_transposed ?? functions.blur)
  }

  private func blur(
    _ rows: RowPanels, _ scratch: UnsafeMutableBufferPointer<Float>,
    _ function: (
      @convention(c) (
        UnsafeMutableRawPointer?, UnsafeMutablePointer<Float>?, Int64, Int32,
        UnsafeMutablePointer<Float>?, UnsafeMutablePointer<latticecrf_plugin_call>?
      ) -> Int32
    )?
  ) {
    guard let function else { preconditionFailure("a factored filter without a blur") }
    let isDone = loaded.attempt {
      try rows.forEach { panel in
        let memory = scratch.baseAddress.map { $0 + self.scratch * panel.channel }
        try loaded.kind.call(parallelism) {
          function(
            loaded.pointer, panel.base, Int64(rowCount), Int32(panel.width), memory, $0)
        }
        guard (0..<panel.width).allSatisfy({ panel.base[$0] == 0 }) else {
          throw loaded.kind.refusal("blurs something into row 0, which must stay 0")
        }
      }
      try loaded.note(rows, parallelism: parallelism)
    }
    if !isDone { rows.clear() }
  }

  mutating func scale(
    by scales: UnsafeBufferPointer<Float>, parallelism: Parallelism
  ) -> Bool {
    splatMatrix.scale(by: scales, parallelism: parallelism)
    self.scales = zip(self.scales ?? [Float](repeating: 1, count: points), scales).map(*)
    return true
  }

  func selfWeights() -> [Float] {
    let weights = loaded.selfWeights(parallelism: parallelism)
    guard let scales else { return weights }
    return zip(weights, scales).map { $0 * $1 * $1 }
  }
}
