import Lattice
import LatticeSupport

extension FeatureMatrix {
  /// Each feature of all points without its mean, in memory of its own.
  func centredPlanes() -> [AlignedBuffer<Float>] {
    (0..<dimensions).map { dimension in
      let sum = (0..<points).reduce(0.0) { $0 + Double(self[$1, dimension]) }
      let mean = sum / Double(max(1, points))
      let plane = AlignedBuffer<Float>(uninitialized: points)
      for point in 0..<points { plane.base[point] = Float(Double(self[point, dimension]) - mean) }
      return plane
    }
  }
}
