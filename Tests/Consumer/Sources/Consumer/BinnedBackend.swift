import Foundation
import Lattice
import LatticeSupport

/// Points on a line, in bins of a quarter of a bandwidth: O(N) instead of O(N²), and swept together
/// with the lattices of other terms.
struct BinnedBackend: FilterBackend {
  var name: String { "binned" }

  func makeFilter(
    for features: FeatureMatrix, parallelism: Parallelism
  ) throws -> any GaussianFilter {
    guard features.dimensions == 1 else {
      throw LatticeError.unsupported(reason: "bins hold 1 feature, not \(features.dimensions)")
    }
    return BinnedFilter(features, parallelism: parallelism)
  }
}

/// K = Sᵀ·B·S: S splats each point to the two bins around it, by linear interpolation, and B is the
/// Gaussian between bins.
struct BinnedFilter: FactoredFilter {
  let points: Int
  let bins: Int
  private(set) var splatMatrix: SplatMatrix
  private let parallelism: Parallelism

  /// Bins per bandwidth.
  private static let density: Float = 4
  /// Bins on either side that matter: five bandwidths.
  private static let radius = 20

  init(_ features: FeatureMatrix, parallelism: Parallelism) {
    let positions = features.withUnsafeBufferPointer { $0.map { $0 * Self.density } }
    let first = (positions.min() ?? 0).rounded(.down)
    let bins = Int((positions.max() ?? 0) - first) + 2
    var vertices: [UInt32] = []
    var weights: [Float] = []
    for position in positions {
      let bin = (position - first).rounded(.down)
      vertices += [UInt32(bin), UInt32(bin) + 1]
      weights += [1 - (position - first - bin), position - first - bin]
    }
    // Segments are splatted at the same time, so that each has bins of its own; row 0 stays free.
    let segments = SplatMatrix.segmentRanges(of: features.points).enumerated().map {
      SplatMatrix.Segment(points: $1, rows: 1 + $0 * bins..<1 + ($0 + 1) * bins)
    }
    splatMatrix = SplatMatrix(
      corners: 2, segments: segments, vertices: vertices, weights: weights)
    points = features.points
    self.bins = bins
    self.parallelism = parallelism
  }

  var rowCount: Int { 1 + splatMatrix.segments.count * bins }

  /// A unit Gaussian over bins that interpolation has not widened yet.
  var gain: Float { 1 }

  func apply(to values: ChannelField, into output: inout ChannelField) {
    apply(to: values, into: &output, parallelism: parallelism)
  }

  /// The sums of each bin over all segments, for one panel.
  func blurScratch(stride: Int) -> Int { bins * min(16, stride) }

  func blur(_ rows: RowPanels, scratch: UnsafeMutableBufferPointer<Float>) {
    rows.forEach { panel in
      let segments = splatMatrix.segments
      for index in 0..<bins * panel.width {
        scratch[index] = segments.reduce(0) {
          $0 + panel.base[$1.rows.lowerBound * panel.width + index]
        }
      }
      for bin in 0..<bins {
        for column in 0..<panel.width {
          var sum: Float = 0
          for other in max(0, bin - Self.radius)...min(bins - 1, bin + Self.radius) {
            sum += Self.weight(bin - other) * scratch[other * panel.width + column]
          }
          for segment in segments {
            panel.base[(segment.rows.lowerBound + bin) * panel.width + column] = sum
          }
        }
      }
    }
  }

  private static func weight(_ steps: Int) -> Float {
    let distance = Float(steps) / density
    return exp(-0.5 * distance * distance)
  }

  /// Normalisation goes into the weights, so that inference need not multiply anything by it.
  mutating func scale(
    by scales: UnsafeBufferPointer<Float>, parallelism: Parallelism
  ) -> Bool {
    splatMatrix.scale(by: scales, parallelism: parallelism)
    return true
  }

  func selfWeights() -> [Float] {
    splatMatrix.segments.flatMap { segment in
      splatMatrix.withUnsafeEntries(of: segment) { _, weights in
        stride(from: 0, to: weights.count, by: 2).map { index -> Float in
          let (left, right) = (weights[index], weights[index + 1])
          return left * left + right * right + 2 * left * right * Self.weight(1)
        }
      }
    }
  }
}

extension FilterKind {
  /// `"filter": "binned"`, once it is registered.
  static let binned = FilterKind(
    name: "binned", summary: "bins of a quarter of a bandwidth, for one feature"
  ) { _ in BinnedBackend() }
}
