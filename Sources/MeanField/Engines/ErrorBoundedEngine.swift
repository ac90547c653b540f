import CKernels
import LatticeSupport

/// Mean field updates that carry a bound of every point's error along with its marginals.
///
/// One more channel of the messages sums the neighbours' bounds with the same weights; it mostly
/// fits into the padding. If no message is off by more than eᵢ, and the CRF's largest factor is w,
/// no energy is off by more than η = w·eᵢ, and then no marginal q by more than q(1 − q)x / (1 +
/// min(q, 1 − q)·x) with x = e^2η − 1: its own energy off by η one way, those of all other labels
/// by η the other way.
package struct ErrorBoundedEngine: MeanFieldEngine {
  private let messages: PairwiseMessages
  /// The terms with the additional channel.
  private let extended: PairwiseMessages
  /// θ with the additional channel, where it is 0.
  private let extendedUnary: ChannelField
  /// What the skipped pairs of one update can change in an energy, point by point.
  private let energyErrors: [Float]
  private var joined: ChannelField
  private var energies: ChannelField
  private var plain: ChannelField
  private var scratch: MessageScratch
  /// Bounds of what each point's marginals are off by now.
  private var errors: AlignedBuffer<Float>

  /// The largest bound of all points.
  package private(set) var errorBound: Float = 0

  /// `nil` where no pair is skipped.
  package init?(_ crf: DenseCRF) {
    guard !crf.omissions.isEmpty else { return nil }
    messages = crf.messages
    energyErrors = crf.energyErrors()
    let unary = crf.unary.values
    let channels = unary.channels + 1
    errors = AlignedBuffer(zeros: unary.points)
    plain = unary
    joined = ChannelField(points: unary.points, channels: channels)
    energies = joined
    Self.join(unary, errors, into: &energies, crf.parallelism)
    extendedUnary = energies
    extended = PairwiseMessages(
      terms: crf.terms.map { $0.withErrorChannel(labelCount: crf.labelCount) },
      parallelism: crf.parallelism)
    scratch = MessageScratch(points: unary.points, channels: channels)
  }

  package mutating func start(_ energies: ChannelField, into marginals: inout ChannelField) {
    messages.softmax(of: energies, into: &marginals)
  }

  /// `unary` is that that the engine was made with.
  package mutating func step(
    _ unary: ChannelField, into marginals: inout ChannelField, _ request: UpdateRequest
  ) -> Float {
    Self.join(marginals, errors, into: &joined, messages.parallelism)
    energies = extendedUnary
    extended.add(of: joined, to: &energies, scratch: &scratch)
    splitEnergies()
    let change = messages.softmax(of: plain, into: &marginals)
    boundMarginals(marginals)
    return change
  }

  /// Rows of `values` with one more channel.
  private static func join(
    _ values: ChannelField, _ errors: AlignedBuffer<Float>, into output: inout ChannelField,
    _ parallelism: Parallelism
  ) {
    let (base, stride) = (output.mutableBase(), output.stride)
    parallelism.forEachChunk(of: values.points, grain: PairwiseMessages.grain) { points in
      for point in points {
        let source = values.base + point * values.stride
        let target = base + point * stride
        for channel in 0..<values.channels { target[channel] = source[channel] }
        target[values.channels] = errors.base[point]
      }
    }
  }

  /// Separates the energies from the bounds of their errors, and adds this update's own.
  private mutating func splitEnergies() {
    let (base, stride, channels) = (plain.mutableBase(), plain.stride, plain.channels)
    // A neighbour's marginal that is off counts in what is missing, too.
    let growth = 1 + errorBound
    messages.parallelism.forEachChunk(of: plain.points, grain: PairwiseMessages.grain) {
      [energies, energyErrors, errors] points in
      for point in points {
        let source = energies.base + point * energies.stride
        let target = base + point * stride
        for channel in 0..<channels { target[channel] = source[channel] }
        errors.base[point] = max(0, source[channels]) + growth * energyErrors[point]
      }
    }
  }

  private mutating func boundMarginals(_ marginals: ChannelField) {
    let chunks = (marginals.points + PairwiseMessages.grain - 1) / PairwiseMessages.grain
    let largest = AlignedBuffer<Float>(zeros: chunks)
    messages.parallelism.forEachChunk(of: marginals.points, grain: PairwiseMessages.grain) {
      [errors] points in
      let first = points.lowerBound
      largest.base[first / PairwiseMessages.grain] = ck_marginal_errors(
        marginals.base + first * marginals.stride, points.count, marginals.stride,
        marginals.channels, errors.base + first)
    }
    errorBound = (0..<chunks).reduce(0) { max($0, largest[$1]) }
  }
}
