/// Anything that says how likely each label is at each point: a network, a score file, a label map.
///
/// A conformer is a value that can be asked from several threads at once.
public protocol Unary: Sendable {
  /// L, the number of labels; at least 1.
  var labelCount: Int { get }

  /// The energies −log P of every label at every point of `scene`.
  ///
  /// - Returns: N × L energies over `scene.grid`.
  /// - Throws: `InputError` where the scene cannot be scored: wrong size, no image where one is
  ///   needed.
  func energies(for scene: Scene) throws -> EnergyField
}

extension Unary {
  /// The energies −log P of every label at every pixel of `image`.
  public func energies(for image: Image) throws -> EnergyField {
    try energies(for: Scene(image))
  }
}
