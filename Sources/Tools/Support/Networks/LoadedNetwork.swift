import DeepLabNet
import Support
import Unaries

/// A network with its weights.
package struct LoadedNetwork: Sendable {
  package let settings: NetworkSettings
  /// How the checkpoint calls parameters.
  package let scheme: KeyScheme
  private let unary: DeepLab
  private let parallelism: Parallelism

  /// Reads the weights.
  ///
  /// Algorithms are chosen for one size, whatever the images': results of a file must not depend on which
  /// file of a folder came first.
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
    unary = DeepLab(
      try Segmenter(entry, network: network, parameters: parameters, options: settings.views),
      parallelism: parallelism)
  }

  package var classCount: Int { unary.labelCount }

  /// The logits at every pixel of the image in the file at `path`.
  ///
  /// - Throws: `InputError` that names the file where the network cannot take it.
  package func scores(
    for image: Image, at path: String, isQuiet: Bool, stopwatch: inout Stopwatch
  ) throws -> Tensor {
    let progress = isQuiet ? nil : InferenceProgress(of: "the network's views")
    defer { progress?.clear() }
    do {
      try MemoryCheck.check(image.grid, labelCount: classCount, remedy: "cut the image into parts")
      return try stopwatch.measure(.network) {
        try unary.segmenter.scores(for: image, parallelism: parallelism) { done, all in
          // What is done is about to be reported.
          if done < all { progress?.show(Double(done) / Double(all)) }
        }
      }
    } catch let error as InputError {
      throw error.at(path)
    }
  }

  /// The energies of such logits.
  ///
  /// - Throws: `InputError` that names the file where they are not finite.
  package func energies(
    of scores: Tensor, for scene: Scene, at path: String, stopwatch: inout Stopwatch
  ) throws -> EnergyField {
    do {
      return try stopwatch.measure(.unary) { try unary.energies(of: scores, for: scene) }
    } catch let error as InputError {
      throw error.at(path)
    }
  }
}
