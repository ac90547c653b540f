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
      if let scale = term.inputScale {
        scaleRows(of: marginals, by: scale, into: &scratch.scaled)
        term.filter.apply(to: scratch.scaled, into: &scratch.message)
      } else {
        term.filter.apply(to: marginals, into: &scratch.message)
      }
      if let scale = term.outputScale { scaleRows(&scratch.message, by: scale) }
      if let scale = term.selfScale {
        subtractSelf(marginals, scale: scale, from: &scratch.message)
      }
      switch term.factors {
      case .uniform(let weight):
        let weights = [Float](repeating: weight, count: marginals.channels)
        add(scratch.message, weights: weights, to: &energies)
      case .perLabel(let weights): add(scratch.message, weights: weights, to: &energies)
      case .matrix(let matrix): add(scratch.message, matrix: matrix, to: &energies)
      }
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
        energies.base + first, stride, [0, UInt32(points.count)], 1, nil, 0, target + first,
        changes.base + points.lowerBound / Self.grain, scratch.base)
    }
    return (0..<chunks).reduce(0) { max($0, changes[$1]) }
  }

  private func scaleRows(
    of values: ChannelField, by scale: AlignedBuffer<Float>, into output: inout ChannelField
  ) {
    scaleRows(values.base, by: scale, stride: values.stride, into: output.mutableBase())
  }

  private func scaleRows(_ values: inout ChannelField, by scale: AlignedBuffer<Float>) {
    let base = values.mutableBase()
    scaleRows(base, by: scale, stride: values.stride, into: base)
  }

  private func scaleRows(
    _ values: UnsafePointer<Float>, by scale: AlignedBuffer<Float>, stride: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    parallelism.forEachChunk(of: scale.count, grain: Self.grain) { points in
      let first = points.lowerBound * stride
      ck_scale_rows(
        values + first, scale.base + points.lowerBound, points.count, stride, output + first)
    }
  }

  private func subtractSelf(
    _ marginals: ChannelField, scale: AlignedBuffer<Float>, from message: inout ChannelField
  ) {
    let stride = marginals.stride
    let target = message.mutableBase()
    let minusOne = [Float](repeating: -1, count: stride)
    parallelism.forEachChunk(of: marginals.points, grain: Self.grain) { points in
      ck_add_weighted(
        marginals.base + points.lowerBound * stride, scale.base + points.lowerBound, minusOne,
        points.count, stride, target + points.lowerBound * stride)
    }
  }

  private func add(_ message: ChannelField, weights: [Float], to energies: inout ChannelField) {
    let stride = message.stride
    let target = energies.mutableBase()
    let padded = weights + [Float](repeating: 0, count: stride - weights.count)
    parallelism.forEachChunk(of: message.points, grain: Self.grain) { points in
      let first = points.lowerBound * stride
      ck_add_weighted(message.base + first, nil, padded, points.count, stride, target + first)
    }
  }

  private func add(_ message: ChannelField, matrix: [Float], to energies: inout ChannelField) {
    let (stride, channels) = (message.stride, message.channels)
    let target = energies.mutableBase()
    let padding = [Float](repeating: 0, count: stride - channels)
    let padded = (0..<channels).flatMap {
      matrix[$0 * channels..<($0 + 1) * channels] + padding
    }
    parallelism.forEachChunk(of: message.points, grain: Self.grain) { points in
      let first = points.lowerBound * stride
      ck_add_matrix(
        message.base + first, points.count, stride, padded, channels, target + first)
    }
  }
}

extension DenseCRF {
  var messages: PairwiseMessages { PairwiseMessages(terms: terms, parallelism: parallelism) }
}
