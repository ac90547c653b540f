import Formats
import LatticeSupport
import Unaries

/// A network with its weights as it looks at photographs in files, which errors name.
public struct PhotographScorer: Sendable {
  private let segmenter: Segmenter
  /// The objects that the network looks at; `nil` where it looks at whole images.
  public let proposals: ProposalChoice?
  private let parallelism: Parallelism

  /// Algorithms are chosen for one size, whatever the images': results of a file must not depend on
  /// which file of a folder came first.
  ///
  /// - Parameters:
  ///   - entry: which network.
  ///   - network: as `entry` makes it.
  ///   - parameters: its weights.
  ///   - views: how images are shown to it.
  ///   - proposals: the objects that it looks at; `nil` for whole images.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where a parameter is missing or of another shape.
  public init(
    _ entry: CatalogEntry, network: Network, parameters: any ParameterSource,
    views: SegmentationOptions = SegmentationOptions(), proposals: ProposalChoice? = nil,
    parallelism: Parallelism = .automatic
  ) throws {
    let size = proposals?.options.inputSize ?? Segmenter.defaultSize
    segmenter = try Segmenter(
      entry, network: network, parameters: parameters, options: views, expectedSize: (size, size))
    self.proposals = proposals
    self.parallelism = parallelism
  }

  /// Classes that are scored.
  public var classCount: Int { segmenter.classCount }

  /// What a network makes of a photograph.
  public struct Scored: Sendable {
    /// The logits at every pixel: 1 × height × width × classes.
    public let logits: Tensor
    /// The energies of them, over the photograph.
    public var loaded: LoadedScores
  }

  /// Scores a photograph, and makes the energies.
  ///
  /// Networks have learnt from photographs of 8 bits, and are shown such; there is a warning where
  /// that leaves an almost black picture.
  ///
  /// - Parameters:
  ///   - image: the photograph.
  ///   - progress: told how much is done, 0…1, before the last of it is.
  /// - Throws: `InputError` that names the file where the network cannot take it, the energies
  ///   would not fit into memory, or the scores are not finite.
  public func scores(
    of image: LoadedImage, progress: ((Double) -> Void)? = nil
  ) throws -> Scored {
    ColorRange.warnOfDimness(image.image, image.notes)
    let scene = Scene(image.image)
    let shown = image.notes.drawn(image.image)
    var times = Stopwatch()
    do {
      try EnergyField.checkMemory(
        scene.grid, labelCount: classCount, remedy: "cut the image into parts")
      let logits = try times.measure(.network) {
        try scorer(forImageAt: image.notes.path).scores(for: shown, parallelism: parallelism) {
          done, all in
          // What is done is about to be reported.
          if done < all { progress?(Double(done) / Double(all)) }
        }
      }
      let energies = try times.measure(.unary) {
        try DeepLab(segmenter, parallelism: parallelism).energies(of: logits, for: scene)
      }
      return Scored(
        logits: logits,
        loaded: LoadedScores(
          scene: scene, energies: energies, summary: ScoreSummary(grid: scene.grid),
          image: image.notes, times: times))
    } catch let error as InputError {
      throw error.at(image.notes.path)
    }
  }

  /// What scores the image: the network, or the network on its proposals.
  private func scorer(forImageAt path: String) throws -> any PixelScorer {
    guard let proposals else { return segmenter }
    return try ProposalSegmenter(
      segmenter, source: proposals.source.boxes(forImageAt: path), options: proposals.options)
  }
}
