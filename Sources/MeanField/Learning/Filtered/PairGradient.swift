import LatticeSupport

/// The gradient by features over all pairs in float32, once for all fields that were taken.
struct PairGradient: FeatureGradient {
  private let kernel: FilteredKernel
  /// o∘a and e∘q of all updates.
  private var fields: [(a: ChannelField, q: ChannelField)] = []
  private var normalizer: NormalizerGradient

  init(_ kernel: FilteredKernel) {
    self.kernel = kernel
    normalizer = NormalizerGradient(
      kernel.normalization, reciprocals: kernel.reciprocals, points: kernel.features.points)
  }

  mutating func add(_ a: ChannelField, _ q: ChannelField, transposed: ChannelField) {
    normalizer.add(a, q, transposed: transposed, kernel)
    fields.append((kernel.scaled(a, by: kernel.output), kernel.scaled(q, by: kernel.input)))
  }

  func total() -> [Double] {
    let points = kernel.features.points
    let labels = fields.first?.a.channels ?? 0
    let own = fields.count * labels
    let nu = normalizer.values
    return PairSums.gradient(
      features: kernel.features.centredPlanes().map { plane in
        (0..<points).map { plane.base[$0] }
      },
      channels: own + (normalizer.isNeeded ? 1 : 0), points: points,
      a: { channel, point in
        guard channel < own else { return Float(nu[point]) }
        let field = fields[channel / labels].a
        return field.base[point * field.stride + channel % labels]
      },
      q: { channel, point in
        guard channel < own else { return 1 }
        let field = fields[channel / labels].q
        return field.base[point * field.stride + channel % labels]
      }, parallelism: kernel.parallelism)
  }
}

extension FilteredKernel {
  /// e; `nil` for 1.
  var input: AlignedBuffer<Float>? { normalized.parts?.input }
  /// o; `nil` for 1.
  var output: AlignedBuffer<Float>? { normalized.parts?.output }

  /// Rows times their factors.
  func scaled(_ field: ChannelField, by factors: AlignedBuffer<Float>?) -> ChannelField {
    guard let factors else { return field }
    var scaled = ChannelField(points: field.points, channels: field.channels)
    scaledRows(field, by: factors, into: &scaled, parallelism: parallelism)
    return scaled
  }
}

extension NormalizerGradient {
  /// Adds what a pair of fields contributes; filters q where that counts.
  mutating func add(
    _ a: ChannelField, _ q: ChannelField, transposed: ChannelField, _ kernel: FilteredKernel
  ) {
    let products = AlignedBuffer<Double>(zeros: q.points)
    if needsApplied {
      var applied = ChannelField(points: q.points, channels: q.channels)
      kernel.apply(to: q, into: &applied)
      addRowProducts(a, applied, to: products, parallelism: kernel.parallelism)
    }
    if needsTransposed {
      addRowProducts(q, transposed, to: products, parallelism: kernel.parallelism)
    }
    add(products.base)
  }
}
