import LatticeSupport
import Unaries

extension DenseCRF {
  /// The marginals after mean field inference.
  ///
  /// Where the CRF is not needed afterwards, `(consume crf).infer(options)` needs N × L floats less
  /// memory: the marginals take the place of the energies, unless somebody else holds those.
  ///
  /// - Complexity: O(iterations · N · (d·L + L)) with the lattice.
  public consuming func infer(_ options: InferenceOptions = InferenceOptions()) -> Marginals {
    let evaluates = options.solver != .parallel && options.tolerance > 0
    var engine = makeEngine(options.solver, evaluates: evaluates)
    guard type(of: engine).carriesMarginals, options.tolerance <= 0, options.iterations > 0 else {
      let inference = Inference(self, engine: engine, options: options, evaluates: evaluates)
      inference.run()
      return inference.marginals
    }
    let grid = unary.grid
    var values = unary.values
    _ = consume self
    engine.start(values)
    for _ in 1..<options.iterations where !Cancellation.isRequested { engine.step(values) }
    engine.finish(replacing: &values)
    return Marginals(unchecked: values, grid: grid)
  }

  /// The marginals after `iterations` parallel updates: `infer`, spelt shortly.
  ///
  /// - Parameter iterations: at least 0; 0 gives softmax(−θ).
  /// - Parameter tolerance: stops early once no marginal changes by as much as this; 0 never stops.
  /// - Complexity: O(iterations · N · (d·L + L)) with the lattice.
  public func marginals(iterations: Int, tolerance: Float = 0) -> Marginals {
    let crf = self
    return crf.infer(InferenceOptions(iterations: iterations, tolerance: tolerance))
  }

  /// Inference from Q⁰ = softmax(−θ), ready to be updated step by step.
  ///
  /// - Parameter options: when `run()` ends; `step()` goes beyond.
  public func startInference(_ options: InferenceOptions = InferenceOptions()) -> Inference {
    let evaluates = options.evaluates
    return Inference(
      self, engine: makeEngine(options.solver, evaluates: evaluates), options: options,
      evaluates: evaluates)
  }

  /// Inference from wherever the caller has come, ready to be updated step by step.
  ///
  /// - Parameters:
  ///   - options: when `run()` ends; `step()` goes beyond.
  ///   - marginals: over the CRF's points and labels; in their memory where that is not shared.
  public func startInference(
    _ options: InferenceOptions = InferenceOptions(), from marginals: consuming Marginals
  ) -> Inference {
    Inference(self, from: marginals, options: options)
  }

  /// Mean field inference in progress, one update at a time.
  public final class Inference {
    /// The CRF that is solved.
    public let crf: DenseCRF
    /// When `run()` ends.
    public let options: InferenceOptions
    /// Q after `iteration` updates.
    public private(set) var marginals: Marginals
    /// Updates done.
    public private(set) var iteration = 0
    /// The largest change of a marginal in the last update; 1 before the first.
    public private(set) var largestChange: Float = 1
    /// What is known of the start, and of the marginals after each update; empty where parallel
    /// updates are made and `InferenceOptions.notesEnergies` does not ask for them.
    public private(set) var trace: [UpdateRecord] = []

    private var engine: any MeanFieldEngine
    /// Whether energies are noted after updates.
    private let evaluates: Bool

    /// Bounds how far any marginal is from what all pairs of points would have given by now; 0
    /// where none is skipped.
    ///
    /// Followed through all updates: every point's bound is passed on with its messages, and each
    /// update adds what its own skipped pairs can do. Rounding to float32 comes on top. ∞ where
    /// pairs are skipped and the inference began from given marginals: nothing is followed then.
    public var errorBound: Float { engine.errorBound }

    /// Whether the options ask for no further update.
    public var isFinished: Bool { stopReason != nil }

    /// Why the options ask for no further update; `nil` where they do.
    public var stopReason: StopReason? {
      if iteration > 0 {
        if options.solver != .parallel, let gap = trace.last?.gap {
          let points = Double(max(1, crf.unary.values.points))
          if max(0, gap) / points < Double(options.tolerance) { return .gap }
        } else if largestChange < options.tolerance {
          return .change
        }
      }
      return iteration >= options.iterations ? .updates : nil
    }

    init(
      _ crf: DenseCRF, engine: any MeanFieldEngine, options: InferenceOptions, evaluates: Bool
    ) {
      self.crf = crf
      self.engine = engine
      self.options = options
      self.evaluates = evaluates
      let unary = crf.unary.values
      marginals = Marginals(
        unchecked: ChannelField(uninitializedPoints: unary.points, channels: unary.channels),
        grid: crf.unary.grid)
      self.engine.start(unary, into: &marginals.values)
      note()
    }

    init(_ crf: DenseCRF, from marginals: consuming Marginals, options: InferenceOptions) {
      precondition(
        marginals.grid == crf.unary.grid && marginals.values.channels == crf.labelCount,
        "marginals of \(marginals.values.channels) labels over \(marginals.grid) in a CRF of "
          + "\(crf.labelCount) labels over \(crf.unary.grid)")
      self.crf = crf
      self.options = options
      evaluates = options.evaluates
      if options.solver == .parallel, !evaluates {
        // What is carried from one sweep to the next is not there yet.
        engine = StagedEngine(crf)
      } else {
        var descent = DescentEngine(crf, options.solver)
        descent.start(at: marginals.values)
        engine = descent
      }
      self.marginals = marginals
      note()
    }

    private func note() {
      guard evaluates, let record = engine.evaluate(crf.unary.values, marginals.values) else {
        return
      }
      trace.append(record)
    }

    /// One update of the solver: Q ← softmax(−θ − Σₘ μₘ(Kₘ·Q)), all points at once (Krähenbühl &
    /// Koltun 2011, algorithm 1), unless the options name another.
    ///
    /// - Complexity: O(N·d·L) with the lattice.
    public func step() {
      largestChange = engine.step(
        crf.unary.values, into: &marginals.values, UpdateRequest(measuresChange: true))
      iteration += 1
      note()
    }

    /// Updates until the options ask for no more, or the call is cancelled.
    public func run() {
      while !isFinished, !Cancellation.isRequested { step() }
    }
  }
}

extension InferenceOptions {
  /// Whether energies are noted after updates.
  fileprivate var evaluates: Bool { solver != .parallel || notesEnergies }
}
