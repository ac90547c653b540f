import CKernels
import LatticeSupport

/// How fine the accurate lattice is, and what follows from that.
///
/// Between vertices, values are interpolated, which widens the kernel: at the compatible lattice's
/// own scale by 2 × 1/8 of the Gaussian's variance along every feature, and by f² times less on a
/// lattice f times finer. The Gaussian between vertices is as much narrower.
struct LatticeScale: Sendable, Equatable {
  /// d, the number of features.
  let dimensions: Int
  /// f: features are multiplied with it.
  let fineness: Double

  /// Where points share their vertices, a finer lattice is affordable.
  static let fine = 1.25
  /// Where nearly every point has vertices of its own.
  static let coarse = 1.1
  /// Vertices a point, of a fine lattice over a sample, above which the coarse one is taken.
  private static let sparseness = 1.7

  /// τ² = 1 − 1/(4f²), the variance of the Gaussian between vertices.
  var variance: Double { 1 - 1 / (4 * fineness * fineness) }

  /// τ⁻ᵈ: the height at which a Gaussian of variance τ² has the mass of the unit Gaussian.
  var height: Double { exponential(-0.5 * Double(dimensions) * logarithm(variance)) }

  /// Squared lattice distance of two vertices at distance 1 in feature space.
  var unit: Double {
    2.0 / 3.0 * Double((dimensions + 1) * (dimensions + 1)) * fineness * fineness
  }

  /// Squared lattice distance from which on the Gaussian between vertices is left out.
  ///
  /// In five dimensions 6 % of its mass lies beyond; the more dimensions, the farther out the mass
  /// is. Up to three dimensions vertices are few, and 10⁻³ is left out.
  var reach: Float {
    let squared = dimensions <= 3 ? 16 : min(max(10.5, 2.1 * Double(dimensions)), 160)
    // Squared distances are whole numbers: none lies on the limit.
    return Float((squared * variance * unit).rounded(.down) + 0.5)
  }

  /// Squared lattice distance of two corners of a simplex whose remainders differ by `steps`.
  func cornerDistance(steps: Int) -> Double {
    Double(steps * (dimensions + 1 - steps) * (dimensions + 1))
  }

  /// The scale for `features`, chosen from a sixteenth of the points, wherever they are many.
  init(for features: FeatureMatrix) throws {
    self.init(dimensions: features.dimensions, fineness: Self.fine)
    let run = 256
    let period = 16 * run
    guard features.points > period, features.dimensions > 3 else { return }
    let corners = dimensions + 1
    let table = try VertexTable(dimensions: dimensions, expected: features.points / 16)
    let scratch = AlignedBuffer<Float>(uninitialized: ck_lattice_scratch(Int32(dimensions)))
    let vertices = AlignedBuffer<UInt32>(uninitialized: run * corners)
    let weights = AlignedBuffer<Float>(uninitialized: run * corners)
    let scaled = AlignedBuffer<Float>(uninitialized: run * dimensions)
    var sampled = 0
    for start in stride(from: 0, to: features.points - run, by: period) {
      ck_scale(
        features.storage.base + start * dimensions, Float(fineness), scaled.count, scaled.base)
      var failed = 0
      let status = ck_lattice_embed(
        scaled.base, run, Int32(dimensions), &table.table, vertices.base, weights.base,
        scratch.base, &failed)
      // What does not fit is reported where all points are embedded.
      guard status == CK_EMBED_OK else { return }
      sampled += run
    }
    if Double(table.count) > Self.sparseness * Double(sampled) {
      self.init(dimensions: dimensions, fineness: Self.coarse)
    }
  }

  init(dimensions: Int, fineness: Double) {
    self.dimensions = dimensions
    self.fineness = fineness
  }

  /// `features` as the lattice takes them, without their lines: it shares its sweeps with
  /// `SeparableGaussian`, whose rows are the points and pass by best in the points' own order.
  func scaled(_ features: FeatureMatrix, parallelism: Parallelism) -> FeatureMatrix {
    let storage = AlignedBuffer<Float>(uninitialized: features.storage.count)
    parallelism.forEachChunk(of: storage.count, grain: 65_536) { range in
      ck_scale(
        features.storage.base + range.lowerBound, Float(fineness), range.count,
        storage.base + range.lowerBound)
    }
    return FeatureMatrix(
      points: features.points, dimensions: dimensions, storage: storage, grid: nil)
  }
}
