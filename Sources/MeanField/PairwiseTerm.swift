/// One pairwise term of the energy: a kernel, what labels it couples, and how it is normalised.
public struct PairwiseTerm: Sendable {
  /// Which points are alike.
  public let kernel: any PairwiseKernel
  /// What unlike labels of like points cost.
  public let compatibility: any LabelCompatibility
  /// How the kernel's sums are normalised.
  public let normalization: Normalization
  /// Whether a point sends a message to itself.
  public let selfTerm: SelfTerm

  /// A term with any compatibility.
  public init(
    _ kernel: any PairwiseKernel, compatibility: any LabelCompatibility,
    normalization: Normalization = .symmetric, selfTerm: SelfTerm = .included
  ) {
    self.kernel = kernel
    self.compatibility = compatibility
    self.normalization = normalization
    self.selfTerm = selfTerm
  }

  /// A term with Potts compatibility of weight `weight`.
  public init(
    _ kernel: any PairwiseKernel, weight: Float, normalization: Normalization = .symmetric,
    selfTerm: SelfTerm = .included
  ) {
    self.init(
      kernel, compatibility: .potts(weight), normalization: normalization, selfTerm: selfTerm)
  }
}
