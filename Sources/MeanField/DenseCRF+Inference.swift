import CKernels
import Support
import Unaries

extension DenseCRF {
  /// Q⁰ = softmax(−θ), ready to be updated step by step.
  public func startInference() -> Inference {
    Inference(self)
  }

  /// Mean field inference, one update at a time.
  public struct Inference: Sendable {
    /// The CRF that is solved.
    public let crf: DenseCRF
    /// Q after `iteration` updates.
    public private(set) var marginals: Marginals
    /// Updates done.
    public private(set) var iteration = 0
    /// The largest change of a marginal in the last update; 1 before the first.
    public private(set) var largestChange: Float = 1

    /// N × L energies −log of what the softmax takes.
    private var energies: ChannelField
    private var scratch: MessageScratch

    init(_ crf: DenseCRF) {
      self.crf = crf
      let unary = crf.unary.values
      energies = unary
      scratch = MessageScratch(points: unary.points, channels: unary.channels)
      marginals = Marginals(
        grid: crf.unary.grid,
        values: ChannelField(points: unary.points, channels: unary.channels))
      crf.softmax(of: energies, into: &marginals.values)
    }

    /// Q ← softmax(−θ − Σₘ μₘ(Kₘ·Q)), all points at once (Krähenbühl & Koltun 2011, algorithm 1).
    ///
    /// - Complexity: O(N·d·L) with the lattice.
    public mutating func step() {
      energies = crf.unary.values
      crf.addPairwise(of: marginals.values, to: &energies, scratch: &scratch)
      largestChange = crf.softmax(of: energies, into: &marginals.values)
      iteration += 1
    }
  }
}

/// Fields that hold messages on their way; allocated once an inference.
struct MessageScratch: Sendable {
  var scaled: ChannelField
  var message: ChannelField

  init(points: Int, channels: Int) {
    scaled = ChannelField(points: points, channels: channels)
    message = ChannelField(points: points, channels: channels)
  }
}

extension DenseCRF {
  /// Points that a thread takes at a time.
  static let grain = 8192

  /// Adds Σₘ μₘ(Kₘ·Q) to `energies`.
  func addPairwise(
    of marginals: ChannelField, to energies: inout ChannelField, scratch: inout MessageScratch
  ) {
    for term in terms {
      if let scale = term.inputScale {
        scaleRows(of: marginals, by: scale, into: &scratch.scaled)
        term.filter.apply(to: scratch.scaled, into: &scratch.message)
      } else {
        term.filter.apply(to: marginals, into: &scratch.message)
      }
      if let scale = term.outputScale {
        let message = scratch.message
        scaleRows(of: message, by: scale, into: &scratch.message)
      }
      if let scale = term.selfScale {
        subtractSelf(marginals, scale: scale, from: &scratch.message)
      }
      switch term.factors {
      case .perLabel(let weights): add(scratch.message, weights: weights, to: &energies)
      case .matrix(let matrix): add(scratch.message, matrix: matrix, to: &energies)
      }
    }
  }

  /// Returns the largest change of a marginal.
  @discardableResult
  func softmax(of energies: ChannelField, into marginals: inout ChannelField) -> Float {
    let stride = energies.stride
    let target = marginals.mutableBase()
    let chunks = (energies.points + Self.grain - 1) / Self.grain
    let changes = AlignedBuffer<Float>(repeating: 0, count: chunks)
    parallelism.forEachChunk(of: energies.points, grain: Self.grain) { points in
      let first = points.lowerBound * stride
      changes.base[points.lowerBound / Self.grain] = ck_softmax_rows(
        energies.base + first, points.count, energies.channels, stride, target + first)
    }
    return (0..<chunks).reduce(0) { max($0, changes[$1]) }
  }

  private func scaleRows(
    of values: ChannelField, by scale: [Float], into output: inout ChannelField
  ) {
    let stride = values.stride
    let target = output.mutableBase()
    scale.withUnsafeBufferPointer { scale in
      guard let scale = scale.baseAddress else { return }
      parallelism.forEachChunk(of: values.points, grain: Self.grain) { points in
        let first = points.lowerBound * stride
        ck_scale_rows(
          values.base + first, scale + points.lowerBound, points.count, stride, target + first)
      }
    }
  }

  private func subtractSelf(
    _ marginals: ChannelField, scale: [Float], from message: inout ChannelField
  ) {
    let stride = marginals.stride
    let target = message.mutableBase()
    let minusOne = [Float](repeating: -1, count: stride)
    parallelism.forEachChunk(of: marginals.points, grain: Self.grain) { points in
      scale.withUnsafeBufferPointer { scale in
        guard let scale = scale.baseAddress else { return }
        ck_add_weighted(
          marginals.base + points.lowerBound * stride, scale + points.lowerBound, minusOne,
          points.count, stride, target + points.lowerBound * stride)
      }
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
    let stride = message.stride
    let channels = message.channels
    let target = energies.mutableBase()
    BLAS.heldToOneThread {
      parallelism.forEachChunk(of: message.points, grain: Self.grain) { points in
        let first = points.lowerBound * stride
        BLAS.multiply(
          rows: points.count, columns: channels, inner: channels, left: message.base + first,
          leftStride: stride, right: matrix, rightStride: channels, output: target + first,
          outputStride: stride, keeping: 1)
      }
    }
  }
}
