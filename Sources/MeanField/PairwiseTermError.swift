/// A pairwise term that cannot be prepared: which one, and why.
public struct PairwiseTermError: Error, Sendable {
  /// The term's place among those that the CRF was given, from 0.
  public let index: Int
  /// The kernel's name.
  public let kernel: String
  /// What the kernel, its compatibility or the filter backend said.
  public let cause: any Error
}

extension PairwiseTermError: CustomStringConvertible {
  /// `kernel: cause`.
  public var description: String { "\(kernel): \(cause)" }
}
