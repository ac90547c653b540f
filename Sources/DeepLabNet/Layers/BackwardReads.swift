/// Tensors of a forward pass that the backward pass of a layer reads.
public struct BackwardReads: OptionSet, Sendable {
  /// One bit for each tensor.
  public let rawValue: Int

  /// - Parameter rawValue: one bit for each tensor.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// The layer's inputs.
  public static let inputs = BackwardReads(rawValue: 1)
  /// The layer's output.
  public static let output = BackwardReads(rawValue: 2)
}
