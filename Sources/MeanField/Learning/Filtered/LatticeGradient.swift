import Lattice
import LatticeSupport

/// The derivative by features that a permutohedral lattice itself has: of the barycentric weights,
/// where points stay in their simplices (Krähenbühl & Koltun, ICML 2013, §4).
struct LatticeGradient: FeatureGradient {
  private let kernel: FilteredKernel
  private var sums: [Double]
  private var normalizer: NormalizerGradient

  /// A lattice stays where it is.
  var ignoresShifts: Bool { false }

  init(_ kernel: FilteredKernel) {
    self.kernel = kernel
    sums = [Double](
      repeating: 0, count: kernel.features.points * kernel.features.dimensions)
    normalizer = NormalizerGradient(
      kernel.normalization, reciprocals: kernel.reciprocals, points: kernel.features.points)
  }

  mutating func add(_ a: ChannelField, _ q: ChannelField, transposed: ChannelField) {
    normalizer.add(a, q, transposed: transposed, kernel)
    addBare(kernel.scaled(a, by: kernel.output), kernel.scaled(q, by: kernel.input))
  }

  private mutating func addBare(_ a: ChannelField, _ q: ChannelField) {
    guard let lattice = kernel.bare as? any BarycentricFilter else { return }
    let gradient = lattice.featureGradient(
      a, q, features: kernel.features, parallelism: kernel.parallelism)
    for index in sums.indices { sums[index] += gradient[index] }
  }

  func total() -> [Double] {
    guard normalizer.isNeeded else { return sums }
    var complete = self
    let points = kernel.features.points
    complete.addBare(
      ChannelField(points: points, channels: 1, rows: normalizer.values.map { Float($0) }),
      ChannelField(points: points, channels: 1, rows: [Float](repeating: 1, count: points)))
    return complete.sums
  }
}
