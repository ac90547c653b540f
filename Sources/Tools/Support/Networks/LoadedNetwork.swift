import DeepLabNet
import Support
import Unaries

/// A network with its weights.
package struct LoadedNetwork: Sendable {
  package let settings: NetworkSettings
  /// How the checkpoint calls parameters.
  package let scheme: KeyScheme
  /// What the checkpoint calls the classes, one name each; `nil` where it does not say.
  package let classNames: [String]?
  private let segmenter: Segmenter
  private let parallelism: Parallelism

  /// Reads the weights.
  ///
  /// Algorithms are chosen for one size, whatever the images': results of a file must not depend on
  /// which file of a folder came first.
  /// - Throws: `InputError` where they cannot be read, or are those of another network.
  package init(_ settings: NetworkSettings, parallelism: Parallelism) throws {
    let checkpoint = try CheckpointFile.open(settings.weights)
    let entry = settings.entry
    let classes = try settings.classes ?? entry.classCount(in: checkpoint)
    let network = try entry.make(classes: classes, outputStride: settings.outputStride)
    let parameters = try MappedCheckpoint(network, in: checkpoint)
    self.settings = settings
    self.parallelism = parallelism
    scheme = parameters.scheme
    let names = ModelNotes(metadata: checkpoint.metadata).classNames
    classNames = names?.count == classes ? names : nil
    let size = settings.proposals?.options.inputSize ?? Segmenter.defaultSize
    segmenter = try Segmenter(
      entry, network: network, parameters: parameters, options: settings.views,
      expectedSize: (size, size))
  }

  package var classCount: Int { segmenter.classCount }

  /// The logits at every pixel of the image in the file at `path`.
  ///
  /// - Throws: `InputError` that names the file where the network cannot take it.
  package func scores(
    for image: Image, at path: String, isQuiet: Bool, stopwatch: inout Stopwatch
  ) throws -> Tensor {
    let what = settings.proposals == nil ? "the network's views" : "proposals"
    let progress = isQuiet ? nil : InferenceProgress(of: what)
    defer { progress?.clear() }
    do {
      try MemoryCheck.check(image.grid, labelCount: classCount, remedy: "cut the image into parts")
      return try stopwatch.measure(.network) {
        try scorer(forImageAt: path).scores(for: image, parallelism: parallelism) { done, all in
          // What is done is about to be reported.
          if done < all { progress?.show(Double(done) / Double(all)) }
        }
      }
    } catch let error as InputError {
      throw error.at(path)
    }
  }

  /// What scores the image: the network, or the network on its proposals.
  private func scorer(forImageAt path: String) throws -> any PixelScorer {
    guard let proposals = settings.proposals else { return segmenter }
    return try ProposalSegmenter(
      segmenter, source: proposals.source.boxes(forImageAt: path), options: proposals.options)
  }

  /// The energies of such logits.
  ///
  /// - Throws: `InputError` that names the file where they are not finite.
  package func energies(
    of scores: Tensor, for scene: Scene, at path: String, stopwatch: inout Stopwatch
  ) throws -> EnergyField {
    do {
      return try stopwatch.measure(.unary) {
        try DeepLab(segmenter, parallelism: parallelism).energies(of: scores, for: scene)
      }
    } catch let error as InputError {
      throw error.at(path)
    }
  }
}
