import Lattice
import LatticeSupport
import Unaries

/// A dense CRF and how it is solved, as a value: what presets, files of parameters, options,
/// tuning, C and Python all describe.
///
/// As JSON:
/// ```json
/// {
///   "name": "street", "source": "crf-tune on 50 images for miou",
///   "terms": [
///     {"kernel": {"kind": "gaussian", "spatial": 3},
///      "compatibility": {"kind": "potts", "weight": 3}},
///     {"kernel": {"kind": "bilateral", "spatial": [67, 80], "color": 3},
///      "compatibility": {"kind": "potts", "weight": 4}, "normalization": "symmetric"}
///   ],
///   "iterations": 10, "filter": {"kind": "permutohedral"}, "solver": "parallel"
/// }
/// ```
public struct CRFModel: Sendable, Hashable {
  /// What it is called; `nil` where it has no name.
  public var name: String?
  /// Where its values come from.
  public var source: String?
  /// The pairwise terms; without any, marginals are softmax(−θ).
  public var terms: [Term]
  /// Mean field updates; at least 0.
  public var iterations: Int
  /// Updates stop once no marginal changes by more than this, or, with other solvers than
  /// `parallel`, once the gap is below it (`InferenceOptions.tolerance`); 0 makes all of them.
  public var tolerance: Float
  /// How pairs of points are summed.
  public var filter: Description<FilterKind>
  /// How mean field is solved.
  public var solver: Description<SolverKind>

  /// One pairwise term.
  public struct Term: Sendable, Hashable {
    /// Which points are alike.
    public var kernel: Description<KernelKind>
    /// What unlike labels of like points cost.
    public var compatibility: Description<CompatibilityKind>
    /// How the kernel's sums are normalised.
    public var normalization: Normalization
    /// Whether a point sends a message to itself.
    public var selfTerm: SelfTerm

    /// A term of any compatibility.
    public init(
      _ kernel: Description<KernelKind>, compatibility: Description<CompatibilityKind>,
      normalization: Normalization = .symmetric, selfTerm: SelfTerm = .included
    ) {
      self.kernel = kernel
      self.compatibility = compatibility
      self.normalization = normalization
      self.selfTerm = selfTerm
    }

    /// A term with Potts compatibility of weight `weight`.
    public init(
      _ kernel: Description<KernelKind>, weight: Float, normalization: Normalization = .symmetric,
      selfTerm: SelfTerm = .included
    ) {
      self.init(
        kernel, compatibility: Description(.potts, ["weight": .number(weight.shortest)]),
        normalization: normalization, selfTerm: selfTerm)
    }
  }

  /// The default number of updates.
  public static let defaultIterations = 10

  /// - Parameters:
  ///   - terms: may be empty.
  ///   - iterations: at least 0.
  ///   - tolerance: at least 0 and finite.
  ///   - name: the name.
  ///   - filter: how pairs of points are summed.
  ///   - source: where the values come from.
  ///   - solver: how mean field is solved.
  public init(
    name: String? = nil, source: String? = nil, terms: [Term],
    iterations: Int = CRFModel.defaultIterations, tolerance: Float = 0,
    filter: Description<FilterKind> = Description(.permutohedral),
    solver: Description<SolverKind> = Description(.parallel)
  ) {
    precondition(iterations >= 0, "\(iterations) iterations")
    precondition(tolerance >= 0 && tolerance.isFinite, "a tolerance of \(tolerance)")
    self.name = name
    self.source = source
    self.terms = terms
    self.iterations = iterations
    self.tolerance = tolerance
    self.filter = filter
    self.solver = solver
  }
}

extension CRFModel {
  /// How the model is solved.
  public var inference: InferenceOptions {
    InferenceOptions(iterations: iterations, tolerance: tolerance, solver: solver.solver)
  }

  /// The model's pairwise terms over a grid.
  ///
  /// - Throws: `InputError` where an array that a term needs cannot be used; it names the term.
  public func pairwiseTerms(
    on grid: GridShape, context: DescriptionContext = .none
  ) throws -> [PairwiseTerm] {
    try terms.map { term in
      do {
        return PairwiseTerm(
          try term.kernel.kernel(on: grid, context: context),
          compatibility: try term.compatibility.kind.make(term.compatibility.settings, context),
          normalization: term.normalization, selfTerm: term.selfTerm)
      } catch let error as InputError {
        throw error.at("the term \(term)")
      }
    }
  }

  /// How far the model reaches in steps of the grid: as far as the farthest of its kernels.
  public var reach: Reach {
    terms.reduce(.steps(0)) { reach, term in
      guard case .steps(let farthest) = reach,
        case .steps(let other) = term.kernel.kind.reach(term.kernel.settings)
      else { return .everywhere }
      return .steps(max(farthest, other))
    }
  }

  /// The first term that compares what only an image has; `nil` where positions suffice.
  public var termThatNeedsImage: Term? { terms.first(where: \.kernel.kind.needsImage) }

  /// The names of the arrays and files that the model refers to.
  public var files: [String] {
    terms.flatMap { $0.kernel.settings.files + $0.compatibility.settings.files }
  }

  /// The same with other arrays and files: `replacement` gets the name of each.
  public func replacingFiles(_ replacement: (String) throws -> String) rethrows -> CRFModel {
    var model = self
    model.terms = try terms.map { term in
      var term = term
      term.kernel = try term.kernel.replacingFiles(replacement)
      term.compatibility = try term.compatibility.replacingFiles(replacement)
      return term
    }
    return model
  }
}

extension CRFModel.Term {
  /// The bandwidths of colour, in the units of the image's values; `nil` for a kernel that does not
  /// compare colours.
  public var colorBandwidths: Bandwidths? {
    kernel.kind.settings.contains(.color) ? kernel.settings.bandwidths("color") : nil
  }
}

extension Float {
  /// The double of the shortest decimal that stands for this number: 0.1, not 0.10000000149.
  package var shortest: Double { Double(description) ?? Double(self) }
}
