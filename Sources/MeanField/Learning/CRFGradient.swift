import LatticeSupport

/// What a loss is differentiated by. What is not wanted is not computed.
public struct GradientSet: OptionSet, Sendable, Hashable {
  /// The bits.
  public let rawValue: Int

  /// A set from its bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// By the unary energies, N × L.
  public static let unary = GradientSet(rawValue: 1)
  /// By the numbers of each compatibility: a weight, a diagonal, a matrix.
  public static let weights = GradientSet(rawValue: 2)
  /// By every entry of each C, L × L, whatever it is made of.
  public static let compatibilities = GradientSet(rawValue: 4)
  /// By the features as they are compared, N × d.
  public static let features = GradientSet(rawValue: 8)
  /// By each bandwidth σ.
  public static let bandwidths = GradientSet(rawValue: 16)
  /// By the matrix P.
  public static let transforms = GradientSet(rawValue: 32)
  /// By the raw features, before they are divided, N × d.
  public static let rawFeatures = GradientSet(rawValue: 64)
  /// By the image, N × channels, over all terms.
  public static let image = GradientSet(rawValue: 128)
  /// All of them.
  public static let all = GradientSet(rawValue: 255)

  /// Whether a gradient by features is among them.
  var needsFeatures: Bool {
    !isDisjoint(with: [.features, .bandwidths, .transforms, .rawFeatures, .image])
  }
}

/// The gradient of a loss; what was not wanted is `nil`.
public struct CRFGradient<Field: LearningField>: Sendable {
  /// By the unary energies, N × L.
  public var unary: Field?
  /// By what each term is made of.
  public var terms: [Term]
  /// By the image, N × channels; `nil` where no term compares one.
  public var image: [Double]?

  /// By what one term is made of.
  public struct Term: Sendable {
    /// By the numbers of the compatibility.
    public var weights: [Double]?
    /// By C, L × L row-major.
    public var compatibility: [Double]?
    /// By f, N × d.
    public var features: [Double]?
    /// By each σ.
    public var bandwidths: [Double]?
    /// By P, d × d row-major; `nil` without one.
    public var transform: [Double]?
    /// By the raw features, N × d.
    public var rawFeatures: [Double]?
  }

  /// Adds the gradients by the parameters that images share: weights, compatibilities, bandwidths
  /// and transforms. Energies, features and images stay this image's.
  ///
  /// For batches: add the images' gradients in their order.
  public mutating func addParameters(of other: CRFGradient) {
    precondition(
      terms.count == other.terms.count, "\(terms.count) terms and \(other.terms.count)")
    for index in terms.indices {
      Self.add(other.terms[index].weights, to: &terms[index].weights)
      Self.add(other.terms[index].compatibility, to: &terms[index].compatibility)
      Self.add(other.terms[index].bandwidths, to: &terms[index].bandwidths)
      Self.add(other.terms[index].transform, to: &terms[index].transform)
    }
  }

  private static func add(_ values: [Double]?, to sums: inout [Double]?) {
    guard let values, let old = sums else { return }
    sums = zip(old, values).map { $0 + $1 }
  }
}
