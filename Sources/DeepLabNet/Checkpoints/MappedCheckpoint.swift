import LatticeSupport
import Unaries

/// A network's parameters in a checkpoint, whatever the checkpoint calls them.
///
/// All names and shapes are compared when it is made, before any value is read. Counters of batches
/// are left out silently; other networks' heads, and what belongs to no part of the network, are
/// left out by name.
public struct MappedCheckpoint: ParameterSource {
  /// What becomes of layers that the checkpoint does not have, or has in other shapes.
  public enum Missing: Sendable {
    /// The checkpoint is refused.
    case refused
    /// They take their values from `initial`, for training to begin with: a head for other classes
    /// on a backbone that has learned to classify images.
    ///
    /// A layer is taken whole or not at all. There may be no gap: behind a layer that is missing,
    /// only tensors named as heads are accepted; a backbone of other depth or width is refused.
    case allowed(initial: any ParameterSource)
  }

  /// How the checkpoint calls parameters.
  public let scheme: KeyScheme
  /// Parameters that are not from the checkpoint, by the network's names and in its order.
  public let missingNames: [String]
  /// Tensors that are not taken, in the checkpoint's order: of heads that the network does not
  /// have, or that are missing since they have other shapes.
  public let unusedHeads: [String]
  /// Tensors that are not taken since the network has no part like theirs, in the checkpoint's
  /// order: the weights of a loss, a counter of averages, another network. A warning names those of
  /// more than one value.
  public let extraTensors: [String]
  private let checkpoint: any Checkpoint
  private let places: [String: (tensor: String?, shape: [Int])]
  private let missing: Missing

  /// - Parameters:
  ///   - network: whose parameters are wanted.
  ///   - checkpoint: where they are.
  ///   - scheme: how the checkpoint calls them; guessed where it is `nil`.
  ///   - missing: what becomes of those that are not there.
  /// - Throws: one `InputError` that lists what is missing, what has another shape, and what is too
  ///   many.
  public init(
    _ network: Network, in checkpoint: any Checkpoint, scheme: KeyScheme? = nil,
    missing: Missing = .refused
  ) throws {
    do {
      let (scheme, checkpoint) = try KeyScheme.reading(checkpoint, for: network, as: scheme)
      let comparison = CheckpointComparison(
        network, checkpoint.entries, scheme: scheme, isPartial: missing.isAllowed)
      try comparison.check()
      self.scheme = scheme
      missingNames = comparison.leftOut
      unusedHeads = comparison.heads
      extraTensors = comparison.extra.map(\.name)
      places = comparison.places
      self.checkpoint = checkpoint
      self.missing = missing
      Self.warn(of: comparison.extra.filter { $0.count > 1 }.map(\.name), at: checkpoint.place)
    } catch let error as InputError {
      throw error.at(checkpoint.place)
    }
  }

  private static func warn(of extra: [String], at place: String) {
    guard !extra.isEmpty else { return }
    let shown = 5
    let names = extra.prefix(shown).map { quoted($0) }.joined(separator: ", ")
    let rest = extra.count > shown ? " and \(extra.count - shown) more" : ""
    InputWarning(
      at: place,
      extra.count == 1
        ? "the tensor \(names) belongs to no part of the network, which does not use it"
        : "\(extra.count) tensors belong to no part of the network, which does not use them: \(names)\(rest)",
      remedy: extra.count > shown
        ? "if they are a network that you want instead, choose it with \(name: .prefix)" : ""
    ).report()
  }

  /// The values of a parameter of the network, by its own name.
  ///
  /// - Throws: `InputError` where the checkpoint cannot be read, or the initial values are another
  ///   network's.
  public func values(of name: String) throws -> ParameterValues {
    guard let (tensor, shape) = places[name] else {
      throw InputError(.data, at: checkpoint.place, "the network has no parameter '\(name)'")
    }
    if let tensor {
      return ParameterValues(shape: shape, storage: try checkpoint.values(of: tensor).storage)
    }
    guard case .allowed(let initial) = missing else {
      preconditionFailure("\(name) is missing, but the checkpoint was accepted")
    }
    let values = try initial.values(of: name)
    guard values.shape == shape else {
      throw InputError(
        .data, "the initial values of \(name) have the shape \(values.shape), not \(shape)",
        remedy: "take those of the same network")
    }
    return values
  }
}

extension MappedCheckpoint.Missing {
  fileprivate var isAllowed: Bool {
    if case .allowed = self { true } else { false }
  }
}
