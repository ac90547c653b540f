import DeepLabNet
import LatticeSupport
import Unaries

/// A network with its weights as it looks at photographs in files, which errors name.
package struct NetworkScorer: Sendable {
  private let segmenter: Segmenter
  /// `nil` where the network looks at whole images.
  private let proposals: ProposalSettings?
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
  package init(
    _ entry: CatalogEntry, network: Network, parameters: any ParameterSource,
    views: SegmentationOptions = SegmentationOptions(), proposals: ProposalSettings? = nil,
    parallelism: Parallelism
  ) throws {
    let size = proposals?.options.inputSize ?? Segmenter.defaultSize
    segmenter = try Segmenter(
      entry, network: network, parameters: parameters, options: views, expectedSize: (size, size))
    self.proposals = proposals
    self.parallelism = parallelism
  }

  package var classCount: Int { segmenter.classCount }

  /// Scores an image, and makes the energies.
  ///
  /// Networks have learnt from photographs of 8 bits, and are shown such.
  /// - Parameter path: the image's.
  /// - Returns: the logits at every pixel too.
  /// - Throws: `InputError` that names the file where the network cannot take it, or the scores are
  ///   not finite.
  package func load(
    _ image: LoadedImage, at path: String, isQuiet: Bool, stopwatch: inout Stopwatch
  ) throws -> (scores: Tensor, unary: LoadedUnary) {
    ColorRange.warnOfDimness(image.image, image.notes)
    let progress =
      isQuiet
      ? nil : InferenceProgress(of: proposals == nil ? "the network's views" : "proposals")
    defer { progress?.clear() }
    let scene = Scene(image.image)
    let shown = image.notes.drawn(image.image)
    do {
      try MemoryCheck.check(scene.grid, labelCount: classCount, remedy: "cut the image into parts")
      let scores = try stopwatch.measure(.network) {
        try scorer(forImageAt: path).scores(for: shown, parallelism: parallelism) { done, all in
          // What is done is about to be reported.
          if done < all { progress?.show(Double(done) / Double(all)) }
        }
      }
      progress?.clear()
      let energies = try stopwatch.measure(.unary) {
        try DeepLab(segmenter, parallelism: parallelism).energies(of: scores, for: scene)
      }
      let unary = LoadedUnary(
        scene: scene, energies: energies,
        summary: UnarySummary(grid: scene.grid, resampling: nil), image: image.notes)
      return (scores, unary)
    } catch let error as InputError {
      throw error.at(path)
    }
  }

  /// What scores the image: the network, or the network on its proposals.
  private func scorer(forImageAt path: String) throws -> any PixelScorer {
    guard let proposals else { return segmenter }
    return try ProposalSegmenter(
      segmenter, source: proposals.source.boxes(forImageAt: path), options: proposals.options)
  }
}
