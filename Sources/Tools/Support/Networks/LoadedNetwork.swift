import DeepLabNet
import LatticeSupport

/// A network with the weights of a checkpoint.
package struct LoadedNetwork: Sendable {
  package let settings: NetworkSettings
  /// How the checkpoint calls parameters, in words.
  package let naming: String
  /// The dictionary of the checkpoint that was read; `nil` where there is but one.
  package let state: String?
  /// The tensors of the checkpoint that no part of the network has taken.
  package let leftOut: [String]
  /// What the checkpoint calls the classes, one name each; `nil` where it does not say.
  package let classNames: [String]?
  package let scorer: NetworkScorer

  /// Reads the weights.
  ///
  /// - Throws: `InputError` where they cannot be read, or are those of another network.
  package init(_ settings: NetworkSettings, parallelism: Parallelism) throws {
    let checkpoint = try settings.checkpoint()
    let entry = settings.entry
    let classes = try settings.classes ?? entry.classCount(in: checkpoint)
    let network = try entry.make(classes: classes, outputStride: settings.outputStride)
    let parameters = try MappedCheckpoint(network, in: checkpoint)
    self.settings = settings
    naming = parameters.scheme.description(behind: checkpoint.prefix)
    state = checkpoint.state
    leftOut = parameters.unusedHeads + parameters.extraTensors
    let names = ModelNotes(metadata: checkpoint.metadata).classNames
    classNames = names?.count == classes ? names : nil
    scorer = try NetworkScorer(
      entry, network: network, parameters: parameters, views: settings.views,
      proposals: settings.proposals, parallelism: parallelism)
  }

  package var classCount: Int { scorer.classCount }
}
