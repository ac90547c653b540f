import LatticeSupport
import Unaries

extension CatalogEntry {
  /// The classes that a checkpoint of this network tells apart.
  ///
  /// Two networks that differ by one class show which weight is as long as there are classes, and
  /// along which axis; the checkpoint's tensor of that name has the number.
  /// - Parameters:
  ///   - checkpoint: weights of this network, or of its like.
  ///   - scheme: how the checkpoint calls parameters; guessed where it is `nil`.
  /// - Throws: `InputError` where the checkpoint is none of this network's, or its scores are
  ///   missing.
  public func classCount(in checkpoint: any Checkpoint, scheme: KeyScheme? = nil) throws -> Int {
    do {
      let network = try make(classes: CatalogEntry.defaultClasses)
      let (scheme, checkpoint) = try KeyScheme.reading(checkpoint, for: network, as: scheme)
      guard let weight = try classifier(of: network) else {
        throw InputError(
          .data, "does not say how many classes \(name) has",
          remedy: "give \(set: .chosen(.classes))")
      }
      let tensor = scheme.key(for: weight.name)
      guard let tensor, let found = checkpoint.entries.first(where: { $0.name == tensor }),
        found.shape.count == weight.rank
      else {
        throw InputError(
          .data,
          "does not say how many classes there are: it has no tensor "
            + "\(quoted(tensor ?? weight.name)) of \(weight.rank) sizes",
          remedy: """
            choose the network that it was made for, which 'deeplab inspect' finds, or give \
            \(set: .chosen(.classes))
            """)
      }
      return found.shape[weight.axis]
    } catch let error as InputError {
      throw error.at(checkpoint.place)
    }
  }

  /// The first weight whose shape depends on the number of classes, and the axis that does.
  private func classifier(of network: Network) throws -> (name: String, axis: Int, rank: Int)? {
    let larger = try make(classes: CatalogEntry.defaultClasses + 1)
    for (one, other) in zip(network.parameters, larger.parameters)
    where one.specification.role == .weight {
      let (shape, otherShape) = (one.specification.shape, other.specification.shape)
      if let axis = shape.indices.first(where: { shape[$0] != otherShape[$0] }) {
        return (one.name, axis, shape.count)
      }
    }
    return nil
  }
}
