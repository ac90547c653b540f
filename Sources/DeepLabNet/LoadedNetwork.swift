import LatticeSupport

/// A network with the weights of a checkpoint, ready to look at photographs.
public struct LoadedNetwork: Sendable {
  /// Which network it is.
  public let entry: CatalogEntry
  /// The file of its weights.
  public let weights: String
  /// What was learned with the network to refine its scores; `nil` where nothing was.
  public let refinement: LearnedRefinement?
  /// Pixels between scores.
  public let outputStride: OutputStride
  /// How images are shown to it.
  public let views: SegmentationOptions
  /// How the checkpoint calls parameters, in words.
  public let naming: String
  /// The dictionary of the checkpoint that was read; `nil` where there is but one.
  public let state: String?
  /// The tensors of the checkpoint that no part of the network has taken.
  public let leftOut: [String]
  /// What the checkpoint calls the classes, one name each; `nil` where it does not say.
  public let classNames: [String]?
  /// What scores photographs.
  public let scorer: PhotographScorer
  /// The layers.
  public let network: Network
  /// Their weights.
  public let parameters: any ParameterSource

  /// Reads the weights.
  ///
  /// - Parameters:
  ///   - entry: which network.
  ///   - checkpoint: its weights.
  ///   - classes: the classes that it tells apart; `nil` for those of the weights.
  ///   - outputStride: pixels between scores; `nil` for the paper's.
  ///   - views: how images are shown to it.
  ///   - proposals: the objects that it looks at; `nil` for whole images.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where they cannot be read, or are those of another network.
  public init(
    _ entry: CatalogEntry, weights checkpoint: CheckpointFile, classes: Int? = nil,
    outputStride: OutputStride? = nil, views: SegmentationOptions = SegmentationOptions(),
    proposals: ProposalChoice? = nil, parallelism: Parallelism = .automatic
  ) throws {
    let classes = try classes ?? entry.classCount(in: checkpoint)
    let notes = ModelNotes(metadata: checkpoint.metadata)
    let network = try entry.make(
      classes: classes, outputStride: outputStride,
      refinement: notes.refinement ?? LearnedRefinement())
    let parameters = try MappedCheckpoint(network, in: checkpoint)
    self.entry = entry
    self.network = network
    self.parameters = parameters
    weights = checkpoint.place
    refinement = notes.refinement
    self.outputStride = outputStride ?? entry.defaultOutputStride
    self.views = views
    naming = parameters.scheme.description(behind: checkpoint.prefix)
    state = checkpoint.state
    leftOut = parameters.unusedHeads + parameters.extraTensors
    classNames = notes.classNames?.count == classes ? notes.classNames : nil
    scorer = try PhotographScorer(
      entry, network: network, parameters: parameters, views: views, proposals: proposals,
      parallelism: parallelism)
  }

  /// Classes that are scored.
  public var classCount: Int { scorer.classCount }
}
