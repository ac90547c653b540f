import DeepLabNet
import Evaluation
import Formats
import LatticeSupport
import Unaries

extension LabelSource {
  /// The likeliest labels of a network, which may still be in training.
  ///
  /// - Parameters:
  ///   - network: scores the photographs.
  ///   - dataset: the photographs.
  ///   - parallelism: the threads to use.
  ///   - scores: has the network score a photograph, for who wants to see how far that has come;
  ///     `nil` for nobody.
  public init(
    _ network: PhotographScorer, of dataset: Dataset, parallelism: Parallelism = .automatic,
    scores: (@Sendable (LoadedImage) throws -> PhotographScorer.Scored)? = nil
  ) {
    let scores = scores ?? { try network.scores(of: $0) }
    self.init(labelCount: network.classCount, paths: dataset.entries.map(\.image)) { _, image in
      let loaded = try scores(image).loaded
      return Labels(
        loaded.energies.labels(parallelism: parallelism), energies: loaded.energies,
        times: loaded.times)
    }
  }
}
