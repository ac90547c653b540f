import LatticeSupport

/// One pairwise term whose parameters can be learned.
public struct LearnedTerm: Sendable {
  /// What its kernel compares.
  public var features: LearnedFeatures
  /// What two labels cost together.
  public var compatibility: LearnedCompatibility
  /// How the kernel's sums are normalised.
  public var normalization: Normalization
  /// Whether a point sends a message to itself.
  public var selfTerm: SelfTerm

  /// A term of any features.
  public init(
    _ features: LearnedFeatures, compatibility: LearnedCompatibility,
    normalization: Normalization = .symmetric, selfTerm: SelfTerm = .included
  ) {
    self.features = features
    self.compatibility = compatibility
    self.normalization = normalization
    self.selfTerm = selfTerm
  }
}

/// A compatibility in double, as the parameters that are learned.
public enum LearnedCompatibility: Sendable, Equatable {
  /// C = −w·I.
  case potts(Double)
  /// C = diag(d): L numbers, added to the energies.
  case diagonal([Double])
  /// C = ½(V + Vᵀ): L × L numbers, row-major.
  case matrix([Double])
  /// C = V as it is; a row has the factors of the label that receives. CRF-RNN needs it.
  case unsymmetric([Double])

  /// Whether C has entries beside its diagonal.
  var isFull: Bool {
    switch self {
    case .potts, .diagonal: false
    case .matrix, .unsymmetric: true
    }
  }

  /// C, L × L row-major.
  ///
  /// - Throws: `InputError` where it is of another number of labels, or not finite.
  public func matrix(labelCount: Int) throws -> [Double] {
    let needed: Int
    let values: [Double]
    switch self {
    case .potts(let weight): (needed, values) = (1, [weight])
    case .diagonal(let diagonal): (needed, values) = (labelCount, diagonal)
    case .matrix(let full), .unsymmetric(let full):
      (needed, values) = (labelCount * labelCount, full)
    }
    guard values.count == needed, values.allSatisfy(\.isFinite) else {
      throw InputError(
        .usage, "a compatibility of \(values.count) numbers for \(labelCount) labels",
        remedy: "\(needed) finite numbers are needed")
    }
    return (0..<labelCount * labelCount).map { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: labelCount)
      switch self {
      case .potts: return row == column ? -values[0] : 0
      case .diagonal: return row == column ? values[row] : 0
      case .matrix: return 0.5 * (values[index] + values[column * labelCount + row])
      case .unsymmetric: return values[index]
      }
    }
  }

  /// The gradient by the numbers of the compatibility, in their order.
  ///
  /// - Parameter gradient: ∂l/∂C, L × L row-major.
  public func parameterGradient(_ gradient: [Double]) -> [Double] {
    let count = Int(Double(gradient.count).squareRoot())
    switch self {
    case .potts: return [-(0..<count).reduce(0) { $0 + gradient[$1 * count + $1] }]
    case .diagonal: return (0..<count).map { gradient[$0 * count + $0] }
    case .matrix:
      return gradient.indices.map {
        0.5 * (gradient[$0] + gradient[$0 % count * count + $0 / count])
      }
    case .unsymmetric: return gradient
    }
  }

  /// The same in float32, in the cheapest form.
  func factors(labelCount: Int) throws -> CompatibilityFactors {
    switch self {
    case .potts(let weight): return .uniform(Float(-weight))
    case .diagonal:
      let matrix = try matrix(labelCount: labelCount)
      return .perLabel((0..<labelCount).map { Float(matrix[$0 * labelCount + $0]) })
    case .matrix, .unsymmetric:
      return .matrix(try matrix(labelCount: labelCount).map { Float($0) })
    }
  }
}
