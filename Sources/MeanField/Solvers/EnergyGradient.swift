import CKernels
import LatticeSupport

/// g(Q) = θ + Σₘ μₘ(K'ₘ·Q): the gradient of the relaxed energy where K' and μ are symmetric.
struct EnergyGradient: Sendable {
  private let messages: PairwiseMessages
  /// Terms that stand for both orders: ½(μ·K'Q + μᵀ·K'ᵀQ).
  private let isBothWays: [Bool]
  private var scratch: MessageScratch
  /// All terms, to be sliced in one pass; `nil` where they cannot be.
  private var fused: FusedKernels?

  /// Which terms stand for both orders.
  enum Symmetry {
    /// None: K' is taken as it is.
    case given
    /// Those whose normalisation or compatibility is not symmetric; a filter that is nearly so is
    /// taken as it is.
    case normalized
    /// All that are not symmetric.
    case full
  }

  init(_ crf: DenseCRF, _ symmetry: Symmetry) {
    messages = crf.messages
    isBothWays = crf.terms.map { term in
      switch symmetry {
      case .given: false
      case .normalized: !term.isSymmetricButForFilter
      case .full: !(term.isSymmetricButForFilter && term.kernel.filter.isSymmetric)
      }
    }
    let unary = crf.unary.values
    fused =
      isBothWays.contains(true)
      ? nil
      : FusedKernels(crf.terms, stride: unary.stride, parallelism: crf.parallelism)
    scratch = MessageScratch(points: unary.points, channels: unary.channels)
  }

  /// Filterings that a gradient takes.
  var filterings: Int { isBothWays.reduce(0) { $0 + ($1 ? 2 : 1) } }

  /// - Complexity: a filtering of every term, two of those that are not symmetric.
  mutating func find(
    _ energies: ChannelField, at marginals: ChannelField, into slopes: inout ChannelField
  ) {
    if fused != nil { return findFused(energies, marginals, &slopes) }
    let (target, stride) = (slopes.mutableBase(), slopes.stride)
    messages.parallelism.forEachChunk(of: energies.points, grain: PairwiseMessages.grain) {
      let first = $0.lowerBound * stride
      (target + first).update(from: energies.base + first, count: $0.count * stride)
    }
    for (term, isBothWays) in zip(messages.terms, isBothWays) {
      for transposed in isBothWays ? [false, true] : [false] {
        term.kernel.apply(
          to: marginals, into: &scratch.message, scaled: &scratch.scaled, transposed: transposed,
          parallelism: messages.parallelism)
        let factors = transposed ? term.factors.transposed : term.factors
        (isBothWays ? factors.multiplied(by: 0.5) : factors).addProduct(
          of: scratch.message, to: &slopes, parallelism: messages.parallelism)
      }
    }
  }
}

extension EnergyGradient {
  /// Slices the messages of all terms and adds them in one pass over the points.
  private mutating func findFused(
    _ energies: ChannelField, _ marginals: ChannelField, _ slopes: inout ChannelField
  ) {
    guard var kernels = fused else { return }
    fused = nil
    for index in kernels.kernels.indices {
      messages.terms[index].kernel.splat(
        marginals, into: kernels.kernels[index].splatted, scaled: &scratch.scaled,
        parallelism: messages.parallelism)
    }
    kernels.blurRows()
    let (target, stride) = (slopes.mutableBase(), slopes.stride)
    let count = Int32(kernels.kernels.count)
    kernels.forEachSegment(slices: true, splats: false) { _, points, order, passes in
      let first = points.lowerBound * stride
      let scratch = AlignedBuffer<Float>(uninitialized: ck_sweep_scratch(stride))
      ck_sweep(
        energies.base + first, stride, order.runs, order.runCount, passes, count, target + first,
        nil, nil, scratch.base)
    }
    fused = kernels
  }
}

extension PreparedTerm {
  /// Whether K' and μ are symmetric where the filter is.
  var isSymmetricButForFilter: Bool {
    (kernel.normalization == .none || kernel.normalization == .symmetric) && factors.isSymmetric
  }
}
