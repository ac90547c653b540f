import Support

/// A network's parameters in a checkpoint, whatever the checkpoint calls them.
///
/// All names and shapes are compared when it is made, before any value is read. Counters of batches are left
/// out silently, other networks' heads are left out by name.
public struct MappedCheckpoint: ParameterSource {
  /// How the checkpoint calls parameters.
  public let scheme: KeyScheme
  /// Tensors of heads that the network does not have, in the checkpoint's order.
  public let unusedHeads: [String]
  private let checkpoint: any Checkpoint
  private let keys: [String: (tensor: String, shape: [Int])]

  /// - Parameters:
  ///   - network: whose parameters are wanted.
  ///   - checkpoint: where they are.
  ///   - scheme: how the checkpoint calls them; guessed where it is `nil`.
  /// - Throws: one `InputError` that lists what is missing, what has another shape, and what is too many.
  public init(
    _ network: Network, in checkpoint: any Checkpoint, scheme: KeyScheme? = nil
  ) throws {
    do {
      let scheme =
        try scheme ?? KeyScheme.guess(for: network, names: checkpoint.entries.lazy.map(\.name))
      let comparison = CheckpointComparison(network, checkpoint.entries, scheme: scheme)
      try comparison.check(scheme: scheme)
      self.scheme = scheme
      unusedHeads = comparison.heads
      keys = comparison.keys
      self.checkpoint = checkpoint
    } catch let error as InputError {
      throw error.at(checkpoint.place)
    }
  }

  /// The values of a parameter of the network, by its own name.
  public func values(of name: String) throws -> ParameterValues {
    guard let (tensor, shape) = keys[name] else {
      throw InputError(.data, at: checkpoint.place, "the network has no parameter '\(name)'")
    }
    return ParameterValues(shape: shape, storage: try checkpoint.values(of: tensor).storage)
  }
}
