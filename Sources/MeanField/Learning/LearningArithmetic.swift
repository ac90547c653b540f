import LatticeSupport

/// N points × C channels of the numbers that an arithmetic computes with.
public protocol LearningField: Sendable {
  /// Float or Double.
  associatedtype Scalar: BinaryFloatingPoint & Sendable

  /// A field of zeros.
  init(points: Int, channels: Int)

  /// N.
  var points: Int { get }
  /// C.
  var channels: Int { get }

  /// Channel `channel` of point `point`. O(1).
  subscript(point: Int, channel: Int) -> Scalar { get set }
}

extension ChannelField: LearningField {}

/// How the forward and the reverse pass of mean field compute: in float32 on filters, or in float64
/// over all pairs. The passes themselves are the same (`DifferentiableCRF`).
public protocol LearningArithmetic: Sendable {
  /// Marginals, energies and their gradients.
  associatedtype Field: LearningField
  /// C of a term; rows belong to the label that receives.
  associatedtype Factors: Sendable
  /// K' of a term.
  associatedtype Kernel: LearningKernel where Kernel.Field == Field

  /// Prepares the kernel of a term.
  ///
  /// - Throws: what filters throw of features that they cannot hold.
  func kernel(of term: LearnedTerm) throws -> Kernel

  /// Compatibilities as `addProduct` takes them.
  ///
  /// - Throws: `InputError` where one is of another number of labels.
  func factors(of compatibility: LearnedCompatibility, labelCount: Int) throws -> Factors

  /// −Cᵀ, which brings gradients back to the messages.
  func reversed(_ factors: Factors) -> Factors

  /// The field with what its memory holds beside values set so that sums may pass over it.
  func settled(_ field: Field, asEnergies: Bool) -> Field

  /// `marginals` = softmax(−`energies`).
  func softmax(ofNegative energies: Field, into marginals: inout Field)

  /// `gradient` by marginals becomes that by what their softmax took: q ∘ (g − Σ q∘g).
  func passThroughSoftmax(_ marginals: Field, _ gradient: inout Field)

  /// `sum` += C·v for every point's `values` v.
  func addProduct(_ factors: Factors, of values: Field, to sum: inout Field)

  /// `sum` = `share` · `sum` + `factor` · `values`.
  func mix(
    _ values: Field, by factor: Field.Scalar, into sum: inout Field, keeping share: Field.Scalar)

  /// Σᵢ left[i]·right[i]ᵀ, C × C row-major, in double; the diagonal alone where that is enough,
  /// with zeros beside it.
  func outerProduct(_ left: Field, _ right: Field, diagonalOnly: Bool) -> [Double]

  /// The marginals after 0, 1, … updates, and −U_T where it is to be kept, by a faster way; `nil`
  /// where there is none.
  func fastUpdates(
    _ energies: Field, kernels: [Kernel], factors: [Factors],
    iterations: Int, keepsEnergies: Bool
  ) -> (states: [Field], energies: Field?)?

  /// The reverse pass of plain updates, for gradients by energies and compatibilities alone, by a
  /// faster way; `nil` where there is none.
  ///
  /// - Parameters:
  ///   - marginals: after 0, 1, … updates.
  ///   - gradient: by the last softmax's argument.
  ///   - kernels: of the terms.
  ///   - factors: of the terms.
  ///   - wantsCompatibilities: whether those by each C are wanted.
  /// - Returns: the gradient by the energies, and those by each C, L × L: by its diagonal alone
  ///   where it has no more, and zeros where none are wanted.
  func fastGradient(
    _ marginals: [Field], gradient: Field, kernels: [Kernel],
    factors: [Factors], wantsCompatibilities: Bool
  ) -> (energies: Field, compatibilities: [[Double]])?
}

extension LearningArithmetic {
  /// None.
  public func fastUpdates(
    _ energies: Field, kernels: [Kernel], factors: [Factors],
    iterations: Int, keepsEnergies: Bool
  ) -> (states: [Field], energies: Field?)? { nil }

  /// None.
  public func fastGradient(
    _ marginals: [Field], gradient: Field, kernels: [Kernel],
    factors: [Factors], wantsCompatibilities: Bool
  ) -> (energies: Field, compatibilities: [[Double]])? { nil }
}

/// K' of one term: a Gaussian over points, normalised, with or without each point's own weight.
public protocol LearningKernel: Sendable {
  /// What it sums.
  associatedtype Field: LearningField

  /// `output` = K'·`values`.
  func apply(to values: Field, into output: inout Field)

  /// `output` = K'ᵀ·`values`.
  func applyTransposed(to values: Field, into output: inout Field)

  /// What sums up the gradient of Σ ⟨a, K'q⟩ by the features over several pairs of fields.
  func featureGradient() -> any FeatureGradient<Field>
}

/// The gradient of Σ ⟨aᵢ, (K'q)ᵢ⟩ by the features, summed over pairs of fields a and q.
public protocol FeatureGradient<Field> {
  /// What is summed.
  associatedtype Field: LearningField

  /// Takes one more pair.
  ///
  /// - Parameters:
  ///   - a: N × C.
  ///   - q: N × C.
  ///   - transposed: K'ᵀ·a.
  mutating func add(_ a: Field, _ q: Field, transposed: Field)

  /// The gradient by the features as they are compared, N × d.
  func total() -> [Double]

  /// Whether gradients sum to 0 over the points, since a shift of all features changes nothing.
  var ignoresShifts: Bool { get }
}

extension FeatureGradient {
  /// As with every Gaussian.
  public var ignoresShifts: Bool { true }
}
