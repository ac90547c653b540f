import CKernels
import LatticeSupport

/// K' of a term in float64, over all pairs.
public struct AllPairsKernel: LearningKernel {
  let points: Int
  let normalization: Normalization
  /// d planes of `pitch` values, without their means.
  private let features: AlignedBuffer<Double>
  private let dimensions: Int
  private let pitch: Int
  /// Whether K has zeros in its diagonal.
  private let skipsOwn: Bool
  /// K, N × `pitch`; `nil` where it is computed again.
  private let weights: AlignedBuffer<Double>?
  /// e; `nil` for 1.
  private(set) var input: [Double]?
  /// o; `nil` for 1.
  private(set) var output: [Double]?
  let parallelism: Parallelism

  /// Added to normalisers, as in Krähenbühl's program.
  private static let least = 1e-20
  /// Rows of K that a thread takes at a time.
  private static let rows = 32

  init(_ term: LearnedTerm, _ arithmetic: AllPairsArithmetic) {
    points = term.features.points
    dimensions = term.features.dimensions
    pitch = DoubleField(points: points, channels: 1).pitch
    normalization = term.normalization
    skipsOwn = term.selfTerm != .included
    parallelism = arithmetic.parallelism
    features = Self.planes(of: term.features, pitch: pitch)
    let size = points * pitch
    if size <= arithmetic.memoryBudget / MemoryLayout<Double>.size {
      let weights = AlignedBuffer<Double>(uninitialized: size)
      let (features, points, pitch, dimensions) = (features, points, pitch, dimensions)
      let skipsOwn = skipsOwn
      parallelism.forEachChunk(of: points, grain: Self.rows) { rows in
        ck_gaussian_rows(
          features.base, points, pitch, Int32(dimensions), rows.lowerBound, rows.upperBound,
          skipsOwn, weights.base + rows.lowerBound * pitch)
      }
      self.weights = weights
    } else {
      weights = nil
    }
    guard normalization != .none else { return }
    var ones = DoubleField(points: points, channels: 1)
    for point in 0..<points { ones[point, 0] = 1 }
    var sums = ones
    sum(ones, into: &sums)
    let own = term.selfTerm == .excluded ? 1.0 : 0
    let normalizers = (0..<points).map { sums[$0, 0] + own + Self.least }
    let factors = normalizers.map { normalization == .symmetric ? 1 / $0.squareRoot() : 1 / $0 }
    if normalization != .after { input = factors }
    if normalization != .before { output = factors }
  }

  private static func planes(of features: LearnedFeatures, pitch: Int) -> AlignedBuffer<Double> {
    let (points, d, rows) = (features.points, features.dimensions, features.divided())
    let planes = AlignedBuffer<Double>(zeros: d * pitch)
    for dimension in 0..<d {
      let sum = (0..<points).reduce(0) { $0 + rows[$1 * d + dimension] }
      let mean = sum / Double(max(1, points))
      for point in 0..<points {
        planes.base[dimension * pitch + point] = rows[point * d + dimension] - mean
      }
    }
    return planes
  }

  /// K'·values.
  public func apply(to values: DoubleField, into output: inout DoubleField) {
    apply(to: values, into: &output, first: input, last: self.output)
  }

  /// K'ᵀ·values: K is symmetric, and the factors change sides.
  public func applyTransposed(to values: DoubleField, into output: inout DoubleField) {
    apply(to: values, into: &output, first: self.output, last: input)
  }

  private func apply(
    to values: DoubleField, into output: inout DoubleField, first: [Double]?, last: [Double]?
  ) {
    sum(Self.scaled(values, by: first), into: &output)
    if let last { output = Self.scaled(output, by: last) }
  }

  /// Every point's values times its factor.
  static func scaled(_ values: DoubleField, by factors: [Double]?) -> DoubleField {
    guard let factors else { return values }
    var scaled = values
    let target = scaled.mutableBase()
    for channel in 0..<values.channels {
      for point in 0..<values.points { target[channel * values.pitch + point] *= factors[point] }
    }
    return scaled
  }

  /// K·values.
  private func sum(_ values: DoubleField, into output: inout DoubleField) {
    let target = output.mutableBase()
    parallelism.forEachChunk(of: points, grain: Self.rows) { rows in
      var computed: AlignedBuffer<Double>?
      if weights == nil {
        let buffer = AlignedBuffer<Double>(uninitialized: rows.count * pitch)
        ck_gaussian_rows(
          features.base, points, pitch, Int32(dimensions), rows.lowerBound, rows.upperBound,
          skipsOwn, buffer.base)
        computed = buffer
      }
      let kept = weights.map { $0.base + rows.lowerBound * pitch }
      guard let base = computed?.base ?? kept else { return }
      ck_gaussian_sums(
        base, values.base, pitch, values.channels, rows.lowerBound, rows.upperBound, target)
    }
  }

  /// Over pairs.
  public func featureGradient() -> any FeatureGradient<DoubleField> { AllPairsGradient(self) }

  /// 1/n; `nil` without normalisation.
  var reciprocals: [Double]? {
    switch normalization {
    case .none: nil
    case .before: input
    case .after: output
    case .symmetric: input.map { $0.map { $0 * $0 } }
    }
  }

  /// The features without their means.
  var planes: [[Double]] {
    (0..<dimensions).map { dimension in
      (0..<points).map { features.base[dimension * pitch + $0] }
    }
  }
}

/// The gradient by features over all pairs in float64, once for all fields that were taken.
struct AllPairsGradient: FeatureGradient {
  private let kernel: AllPairsKernel
  /// o∘a and e∘q of all updates.
  private var fields: [(a: DoubleField, q: DoubleField)] = []
  private var normalizer: NormalizerGradient

  init(_ kernel: AllPairsKernel) {
    self.kernel = kernel
    normalizer = NormalizerGradient(
      kernel.normalization, reciprocals: kernel.reciprocals, points: kernel.points)
  }

  mutating func add(_ a: DoubleField, _ q: DoubleField, transposed: DoubleField) {
    var products = [Double](repeating: 0, count: q.points)
    if normalizer.needsApplied {
      var applied = q
      kernel.apply(to: q, into: &applied)
      Self.add(a, applied, to: &products)
    }
    if normalizer.needsTransposed { Self.add(q, transposed, to: &products) }
    normalizer.add(products)
    fields.append(
      (AllPairsKernel.scaled(a, by: kernel.output), AllPairsKernel.scaled(q, by: kernel.input)))
  }

  private static func add(_ left: DoubleField, _ right: DoubleField, to sums: inout [Double]) {
    for channel in 0..<left.channels {
      for point in sums.indices {
        sums[point] +=
          left.base[channel * left.pitch + point] * right.base[channel * right.pitch + point]
      }
    }
  }

  func total() -> [Double] {
    let labels = fields.first?.a.channels ?? 0
    let own = fields.count * labels
    let nu = normalizer.values
    return PairSums.gradient(
      features: kernel.planes, channels: own + (normalizer.isNeeded ? 1 : 0),
      points: kernel.points,
      a: { channel, point in
        guard channel < own else { return nu[point] }
        let field = fields[channel / labels].a
        return field.base[channel % labels * field.pitch + point]
      },
      q: { channel, point in
        guard channel < own else { return 1 }
        let field = fields[channel / labels].q
        return field.base[channel % labels * field.pitch + point]
      }, parallelism: kernel.parallelism)
  }
}
