import CKernels
import LatticeSupport
import Unaries

/// Mean field updates that carry a bound of every point's error along with its marginals.
///
/// One more channel of the messages sums the neighbours' bounds with the same weights; it mostly
/// fits into the padding. If no message is off by more than eᵢ, and the CRF's largest factor is w,
/// no energy is off by more than η = w·eᵢ, and then no marginal q by more than q(1 − q)x / (1 +
/// min(q, 1 − q)·x) with x = e^2η − 1: its own energy off by η one way, those of all other labels
/// by η the other way.
struct CertifiedPassing: Sendable {
  private let crf: DenseCRF
  /// The CRF with the additional channel, whose unary is 0.
  private let extended: DenseCRF
  /// What the skipped pairs of one update can change in an energy, point by point.
  private let energyErrors: [Float]
  private var joined: ChannelField
  private var energies: ChannelField
  private var plain: ChannelField
  private var scratch: MessageScratch
  /// Bounds of what each point's marginals are off by now.
  private var errors: AlignedBuffer<Float>

  /// The largest bound of all points.
  private(set) var largestError: Float = 0

  init(_ crf: DenseCRF) {
    self.crf = crf
    energyErrors = crf.energyErrors()
    let unary = crf.unary.values
    let channels = unary.channels + 1
    errors = AlignedBuffer(zeros: unary.points)
    plain = unary
    joined = ChannelField(points: unary.points, channels: channels)
    energies = joined
    Self.join(unary, errors, into: &energies, crf.parallelism)
    extended = DenseCRF(
      unary: EnergyField(unchecked: energies, grid: crf.unary.grid),
      terms: crf.terms.map { $0.withErrorChannel() }, parallelism: crf.parallelism)
    scratch = MessageScratch(points: unary.points, channels: channels)
  }

  /// Replaces `marginals` by the next ones. Returns the largest change.
  mutating func update(_ marginals: inout ChannelField) -> Float {
    Self.join(marginals, errors, into: &joined, crf.parallelism)
    energies = extended.unary.values
    extended.addPairwise(of: joined, to: &energies, scratch: &scratch)
    splitEnergies()
    let change = crf.softmax(of: plain, into: &marginals)
    boundMarginals(marginals)
    return change
  }

  /// Rows of `values` with one more channel.
  private static func join(
    _ values: ChannelField, _ errors: AlignedBuffer<Float>, into output: inout ChannelField,
    _ parallelism: Parallelism
  ) {
    let (base, stride) = (output.mutableBase(), output.stride)
    parallelism.forEachChunk(of: values.points, grain: DenseCRF.grain) { points in
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
    let growth = 1 + largestError
    crf.parallelism.forEachChunk(of: plain.points, grain: DenseCRF.grain) {
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
    let chunks = (marginals.points + DenseCRF.grain - 1) / DenseCRF.grain
    let largest = AlignedBuffer<Float>(zeros: chunks)
    crf.parallelism.forEachChunk(of: marginals.points, grain: DenseCRF.grain) { [errors] points in
      let first = points.lowerBound
      largest.base[first / DenseCRF.grain] = ck_marginal_errors(
        marginals.base + first * marginals.stride, points.count, marginals.stride,
        marginals.channels, errors.base + first)
    }
    largestError = (0..<chunks).reduce(0) { max($0, largest[$1]) }
  }
}
