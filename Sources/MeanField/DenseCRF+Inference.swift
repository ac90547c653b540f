import CKernels
import LatticeSupport
import Unaries

extension DenseCRF {
  /// Q⁰ = softmax(−θ), ready to be updated step by step.
  public func startInference() -> Inference {
    Inference(self)
  }

  /// Mean field inference in progress, one update at a time.
  public final class Inference {
    /// The CRF that is solved.
    public let crf: DenseCRF
    /// Q after `iteration` updates.
    public private(set) var marginals: Marginals
    /// Updates done.
    public private(set) var iteration = 0
    /// The largest change of a marginal in the last update; 1 before the first.
    public private(set) var largestChange: Float = 1

    private var engine: Engine

    /// Bounds how far any marginal is from what all pairs of points would have given by now; 0
    /// where none is skipped.
    ///
    /// Followed through all updates: every point's bound is passed on with its messages, and each
    /// update adds what its own skipped pairs can do. Rounding to float32 comes on top.
    public var errorBound: Float {
      if case .certified(let passing) = engine { passing.largestError } else { 0 }
    }

    private enum Engine {
      case fused(FusedSweep)
      case certified(CertifiedPassing)
      case general(MessagePassing)
    }

    init(_ crf: DenseCRF) {
      self.crf = crf
      let unary = crf.unary.values
      marginals = Marginals(
        grid: crf.unary.grid,
        values: ChannelField(uninitializedPoints: unary.points, channels: unary.channels))
      if var sweep = FusedSweep(crf) {
        _ = sweep.sweep(
          unary: unary.base, stride: unary.stride, .init(gathers: false, spreads: true),
          marginals: marginals.values.mutableBase())
        engine = .fused(sweep)
      } else {
        engine =
          crf.omissions.isEmpty
          ? .general(MessagePassing(crf)) : .certified(CertifiedPassing(crf))
        crf.softmax(of: unary, into: &marginals.values)
      }
    }

    /// Q ← softmax(−θ − Σₘ μₘ(Kₘ·Q)), all points at once (Krähenbühl & Koltun 2011, algorithm 1).
    ///
    /// - Complexity: O(N·d·L) with the lattice.
    public func step() {
      switch engine {
      case .fused(var sweep):
        largestChange = sweep.sweep(
          unary: crf.unary.values.base, stride: crf.unary.values.stride,
          .init(gathers: true, spreads: true, comparesMarginals: true),
          marginals: marginals.values.mutableBase())
        engine = .fused(sweep)
      case .certified(var passing):
        largestChange = passing.update(&marginals.values)
        engine = .certified(passing)
      case .general(var passing):
        largestChange = passing.update(&marginals.values)
        engine = .general(passing)
      }
      iteration += 1
    }
  }

  /// softmax(−θ − Σₘ μₘ(Kₘ·Q)) of any Q: one update from wherever the caller has come.
  ///
  /// - Parameter marginals: N × L, replaced.
  package func update(_ marginals: inout ChannelField) {
    precondition(
      marginals.points == unary.values.points && marginals.channels == labelCount,
      "marginals of \(marginals.points) × \(marginals.channels) in a CRF of "
        + "\(unary.values.points) × \(labelCount)")
    var passing = MessagePassing(self)
    _ = passing.update(&marginals)
  }

  /// The marginals after `iterations` parallel updates, where nobody needs the CRF afterwards.
  ///
  /// The same values as `marginals(iterations:)`, with N × L floats less memory: where nobody else
  /// holds the energies, the marginals take their place.
  ///
  /// - Parameter iterations: at least 0; 0 gives softmax(−θ).
  public consuming func finalMarginals(iterations: Int) -> Marginals {
    precondition(iterations >= 0, "\(iterations) iterations")
    guard iterations > 0, var sweep = FusedSweep(copy self) else {
      let inference = startInference()
      while inference.iteration < iterations, !Cancellation.isRequested { inference.step() }
      return inference.marginals
    }
    let grid = unary.grid
    var values = unary.values
    _ = consume self
    let stride = values.stride
    for iteration in 0..<iterations where !Cancellation.isRequested {
      _ = sweep.sweep(
        unary: values.base, stride: stride, .init(gathers: iteration > 0, spreads: true),
        marginals: nil)
    }
    values.replaceContents { energies, marginals in
      _ = sweep.sweep(
        unary: energies, stride: stride, .init(gathers: true, spreads: false),
        marginals: marginals)
    }
    return Marginals(grid: grid, values: values)
  }
}
