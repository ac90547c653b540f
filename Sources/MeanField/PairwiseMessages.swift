import CKernels
import LatticeSupport

/// Fields that hold messages on their way; allocated once per inference.
struct MessageScratch: Sendable {
  var scaled: ChannelField
  var message: ChannelField

  init(points: Int, channels: Int) {
    scaled = ChannelField(points: points, channels: channels)
    message = ChannelField(points: points, channels: channels)
  }
}

/// The pairwise terms of a CRF, as they act on energies stage by stage.
struct PairwiseMessages: Sendable {
  let terms: [PreparedTerm]
  let parallelism: Parallelism

  /// Points that a thread takes at a time.
  static let grain = 8192

  /// Adds Σₘ μₘ(Kₘ·Q) to `energies`.
  func add(
    of marginals: ChannelField, to energies: inout ChannelField, scratch: inout MessageScratch
  ) {
    for term in terms {
      term.kernel.apply(
        to: marginals, into: &scratch.message, scaled: &scratch.scaled, parallelism: parallelism)
      term.factors.addProduct(of: scratch.message, to: &energies, parallelism: parallelism)
    }
  }

  /// softmax(−energies). Returns the largest change of a marginal.
  @discardableResult
  func softmax(of energies: ChannelField, into marginals: inout ChannelField) -> Float {
    let stride = energies.stride
    let target = marginals.mutableBase()
    let chunks = (energies.points + Self.grain - 1) / Self.grain
    let changes = AlignedBuffer<Float>(repeating: 0, count: chunks)
    parallelism.forEachChunk(of: energies.points, grain: Self.grain) { points in
      let first = points.lowerBound * stride
      let scratch = AlignedBuffer<Float>(uninitialized: ck_sweep_scratch(stride))
      ck_sweep(
        energies.base + first, stride, [0, UInt32(points.count)], 1, nil, 0, nil, target + first,
        changes.base + points.lowerBound / Self.grain, scratch.base)
    }
    return (0..<chunks).reduce(0) { max($0, changes[$1]) }
  }
}

extension DenseCRF {
  var messages: PairwiseMessages { PairwiseMessages(terms: terms, parallelism: parallelism) }
}
