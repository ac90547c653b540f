import LatticeSupport

/// The gradient by features with the Gaussian's formula, every sum filtered:
///
/// D(a, q)_c = −[f_c ∘ Σ(a∘K'q + q∘K'ᵀa) − Σ a∘K'(q·f_c) − Σ q∘K'ᵀ(a·f_c)], and D(ν, 1) with K
/// itself.
///
/// Features are centred: D does not see a shift, and what cancels is smaller. One field of N × L is
/// filtered at a time.
struct ConsistentGradient: FeatureGradient {
  private let kernel: FilteredKernel
  /// f_c without its mean, for each c.
  private let planes: [AlignedBuffer<Float>]
  /// N × d.
  private let sums: AlignedBuffer<Double>
  /// Σ a∘K'q + q∘K'ᵀa of each point.
  private let masses: AlignedBuffer<Double>
  private var normalizer: NormalizerGradient
  private var scaled: ChannelField?

  init(_ kernel: FilteredKernel) {
    let (points, dimensions) = (kernel.features.points, kernel.features.dimensions)
    self.kernel = kernel
    planes = kernel.features.centredPlanes()
    sums = AlignedBuffer(zeros: points * dimensions)
    masses = AlignedBuffer(zeros: points)
    normalizer = NormalizerGradient(
      kernel.normalization, reciprocals: kernel.reciprocals, points: points)
  }

  mutating func add(_ a: ChannelField, _ q: ChannelField, transposed: ChannelField) {
    let parallelism = kernel.parallelism
    var filtered = ChannelField(points: q.points, channels: q.channels)
    kernel.apply(to: q, into: &filtered)
    // Both alone, for ν, and together.
    let noted = AlignedBuffer<Double>(zeros: q.points)
    addRowProducts(a, filtered, to: masses, parallelism: parallelism)
    addRowProducts(q, transposed, to: masses, parallelism: parallelism)
    if normalizer.needsApplied {
      addRowProducts(a, filtered, to: noted, parallelism: parallelism)
    }
    if normalizer.needsTransposed {
      addRowProducts(q, transposed, to: noted, parallelism: parallelism)
    }
    normalizer.add(noted.base)
    var scaled = self.scaled ?? ChannelField(points: q.points, channels: q.channels)
    self.scaled = nil
    for (feature, plane) in planes.enumerated() {
      scaledRows(q, by: plane, into: &scaled, parallelism: parallelism)
      kernel.apply(to: scaled, into: &filtered)
      addRowProducts(
        a, filtered, to: sums, column: feature, of: planes.count, parallelism: parallelism)
      scaledRows(a, by: plane, into: &scaled, parallelism: parallelism)
      kernel.applyTransposed(to: scaled, into: &filtered)
      addRowProducts(
        q, filtered, to: sums, column: feature, of: planes.count, parallelism: parallelism)
    }
    self.scaled = scaled
  }

  func total() -> [Double] {
    let (points, d) = (kernel.features.points, planes.count)
    var total = (0..<points * d).map { index in
      sums[index] - Double(planes[index % d][index / d]) * masses[index / d]
    }
    guard normalizer.isNeeded else { return total }
    // D(ν, 1): the columns are 1 and the features, or ν and ν times the features.
    let nu = normalizer.values
    var (ones, weighted) = (
      ChannelField(points: points, channels: d + 1), ChannelField(points: points, channels: d + 1)
    )
    let (onesBase, weightedBase) = (ones.mutableBase(), weighted.mutableBase())
    for point in 0..<points {
      let row = point * ones.stride
      for column in 0...d {
        let value = column == 0 ? 1 : planes[column - 1][point]
        onesBase[row + column] = value
        weightedBase[row + column] = Float(nu[point] * Double(value))
      }
    }
    var (applied, transposed) = (ones, weighted)
    kernel.bare.apply(to: ones, into: &applied)
    kernel.bare.applyTransposed(to: weighted, into: &transposed)
    for point in 0..<points {
      let mass = nu[point] * Double(applied[point, 0]) + Double(transposed[point, 0])
      for feature in 0..<d {
        total[point * d + feature] +=
          nu[point] * Double(applied[point, feature + 1])
          + Double(transposed[point, feature + 1])
          - Double(planes[feature][point]) * mass
      }
    }
    return total
  }
}
