/// What a checkpoint says about the network whose weights it holds.
///
/// Kept as text beside the tensors of a safetensors file; the other formats have no place for it.
public struct ModelNotes: Sendable, Hashable {
  /// The network's name in the catalogue.
  public var network: String?
  /// A name for each class, in the order of the scores.
  public var classNames: [String]?
  /// What was learned with the network to refine its scores; `nil` where nothing was.
  public var refinement: LearnedRefinement?

  private static let (networkKey, classesKey, refinementKey) = ("network", "classes", "refinement")

  /// - Parameters:
  ///   - network: the network's name in the catalogue.
  ///   - classNames: a name for each class, without line breaks.
  ///   - refinement: what was learned with the network to refine its scores.
  public init(
    network: String? = nil, classNames: [String]? = nil, refinement: LearnedRefinement? = nil
  ) {
    self.network = network
    self.classNames = classNames
    self.refinement = refinement
  }

  /// What is said in `metadata`.
  public init(metadata: [String: String]) {
    network = metadata[Self.networkKey]
    classNames = metadata[Self.classesKey]?
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    refinement = metadata[Self.refinementKey].flatMap { LearnedRefinement(text: $0) }
  }

  /// The same as text by name, one class a line.
  public var metadata: [String: String] {
    var result: [String: String] = [:]
    result[Self.networkKey] = network
    result[Self.classesKey] = classNames?.joined(separator: "\n")
    if let refinement, !refinement.isNone { result[Self.refinementKey] = refinement.text }
    return result
  }
}
