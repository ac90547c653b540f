import Foundation
import Lattice
import LatticeSupport

/// The definition, word for word: every pair of points, one after the other.
struct DirectBackend: FilterBackend {
  var name: String { "direct" }

  func makeFilter(
    for features: FeatureMatrix, parallelism: Parallelism
  ) throws -> any GaussianFilter {
    guard features.points <= 10_000 else {
      throw LatticeError.unsupported(reason: "\(features.points) points take too long")
    }
    return DirectFilter(features: features)
  }
}

/// Exact and symmetric, so the transposed sum and the self weights are the defaults.
struct DirectFilter: GaussianFilter {
  var features: FeatureMatrix
  var points: Int { features.points }

  func apply(to values: ChannelField, into output: inout ChannelField) {
    for i in 0..<points {
      var sums = [Double](repeating: 0, count: values.channels)
      for j in 0..<points {
        let weight = exp(-0.5 * squaredDistance(i, j))
        for channel in sums.indices { sums[channel] += weight * Double(values[j, channel]) }
      }
      for channel in sums.indices { output[i, channel] = Float(sums[channel]) }
    }
  }

  private func squaredDistance(_ i: Int, _ j: Int) -> Double {
    (0..<features.dimensions).reduce(0) { sum, dimension in
      let difference = Double(features[i, dimension]) - Double(features[j, dimension])
      return sum + difference * difference
    }
  }
}

extension FilterKind {
  /// `"filter": "direct"`, once it is registered.
  static let direct = FilterKind(
    name: "direct", summary: "every pair of points, one after the other"
  ) { _ in DirectBackend() }
}
