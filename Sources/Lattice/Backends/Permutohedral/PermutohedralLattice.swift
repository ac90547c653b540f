import CKernels
import LatticeSupport

/// The permutohedral lattice of one feature matrix, ready to filter.
///
/// K = α · S · B · Sᵀ: splat to the vertices of each point's simplex, blur along the d + 1 axes in
/// their order, slice with the same weights. B is not symmetric where vertices are missing, since
/// the axes then do not commute; the transposed filter runs them in reverse. With half blurs it is
/// H·Hᵀ, H a blur of half the variance along every axis: symmetric and positive semidefinite,
/// whatever is missing.
public struct PermutohedralLattice: FactoredFilter {
  /// N, the number of points.
  public let points: Int
  /// d, the number of features.
  public let dimensions: Int

  /// The barycentric weights of every point for the vertices of its simplex.
  public private(set) var splatMatrix: SplatMatrix
  let tables: [VertexTable]
  let topology: LatticeTopology
  let parallelism: Parallelism
  /// Whether B = H·Hᵀ.
  public let isSymmetric: Bool

  /// M, the number of lattice vertices that points were splatted to.
  public var vertexCount: Int { topology.vertexCount }

  /// Rows of all vertices, and one for those that are absent.
  public var rowCount: Int { topology.rowCount }

  /// α = 1/(1 + 2⁻ᵈ): brings the response of a full lattice back to that of a Gaussian of height 1.
  /// Half blurs are written with a middle of 1 and share their factors with it.
  public var gain: Float {
    let full = 1 / (1 + Float(sign: .plus, exponent: -dimensions, significand: 1))
    guard isSymmetric else { return full }
    return (0...dimensions).reduce(full) { product, _ in product * Self.halfBlurMiddle }
  }

  /// Taps of a full blur beside 1: a variance of ½ in steps of the lattice.
  private static let blurWeight: Float = 0.5
  /// Taps of a half blur beside 1: ⅛, ¾, ⅛ has half the variance, and √2 times that half of the
  /// full blur's sum.
  static let halfBlurWeight: Float = 1.0 / 6
  /// (√2·¾)²: what two half blurs with a middle of 1 lack.
  private static let halfBlurMiddle: Float = 9.0 / 8

  /// Builds the lattice of `features`.
  ///
  /// - Parameters:
  ///   - features: N × d.
  ///   - isSymmetric: blurs by halves, there and back, which takes twice as long.
  ///   - parallelism: the threads to use.
  /// - Throws: `LatticeError` where a key overflows, vertices are too many, or d is above 255.
  /// - Complexity: O(N·d²).
  public init(
    _ features: FeatureMatrix, isSymmetric: Bool = false, parallelism: Parallelism = .automatic
  ) throws {
    self.isSymmetric = isSymmetric
    points = features.points
    dimensions = features.dimensions
    self.parallelism = parallelism
    try LatticeSegment.checkDimensions(dimensions)
    let (parts, entries) = try LatticeSegment.all(of: features, parallelism: parallelism)
    tables = parts.map(\.table)
    topology = try LatticeTopology(
      joining: tables, dimensions: dimensions, parallelism: parallelism)
    for table in tables { table.seal() }
    splatMatrix = SplatMatrix(
      entries,
      segments: zip(parts, topology.segmentRows).map { part, rows in
        SplatMatrix.Segment(points: part.points, rows: rows, visits: part.visits)
      })
  }

  /// Sums `values` over the lattice.
  ///
  /// - Complexity: O((N + M)·d·C); 2·rows·C floats of scratch memory.
  public func apply(to values: ChannelField, into output: inout ChannelField) {
    filter(values, into: &output, transposed: false)
  }

  /// Sums `values` with the transposed weights: the axes are blurred in reverse order.
  public func applyTransposed(to values: ChannelField, into output: inout ChannelField) {
    filter(values, into: &output, transposed: true)
  }

  private func filter(
    _ values: ChannelField, into output: inout ChannelField, transposed: Bool
  ) {
    apply(to: values, into: &output, parallelism: parallelism) { rows, _ in
      rows.forEach { blur($0, transposed: transposed) }
    }
  }

  /// Scales the weights of its splat matrix; see `GaussianFilter`.
  public mutating func scale(
    by scales: UnsafeBufferPointer<Float>, parallelism: Parallelism
  ) -> Bool {
    splatMatrix.scale(by: scales, parallelism: parallelism)
    return true
  }

  /// Blurs along the axes in their order, in place.
  public func blur(_ rows: RowPanels, scratch: UnsafeMutableBufferPointer<Float>) {
    rows.forEach { blur($0, transposed: false) }
  }

  /// Blurs along the axes in reverse, in place.
  public func blurTransposed(_ rows: RowPanels, scratch: UnsafeMutableBufferPointer<Float>) {
    rows.forEach { blur($0, transposed: true) }
  }

  private func blur(_ panel: RowPanels.Panel, transposed: Bool) {
    topology.copies.merge(panel, parallelism: parallelism)
    if isSymmetric {
      for axis in Array(0...dimensions) + (0...dimensions).reversed() {
        topology.chains[axis].blur(
          panel, weight: Self.halfBlurWeight, parallelism: parallelism)
      }
    } else {
      for step in 0...dimensions {
        let axis = transposed ? dimensions - step : step
        topology.chains[axis].blur(panel, weight: Self.blurWeight, parallelism: parallelism)
      }
    }
    topology.copies.replicate(panel, parallelism: parallelism)
  }
}
