import LatticeSupport
import Unaries

/// A network that scores every pixel of photographs by looking at one object proposal at a time, as
/// DeconvNet does.
///
/// Noh, Hong & Han (2015), doi:10.1109/ICCV.2015.178, "Inference": each box is cut out and resized
/// to the network's input, its scores are resized back to the box, and those of all boxes are
/// aggregated.
public struct ProposalSegmenter: PixelScorer {
  /// What scores one proposal; its views at several scales and mirrored are of the proposal.
  public let segmenter: Segmenter
  /// Where proposals come from.
  public let source: any ProposalSource
  /// How proposals are looked at.
  public let options: ProposalOptions

  /// - Parameters:
  ///   - segmenter: what scores one proposal; best made for an expected size of
  ///     `options.inputSize`.
  ///   - source: where proposals come from.
  ///   - options: how proposals are looked at.
  /// - Throws: `InputError` where the options make no sense.
  public init(
    _ segmenter: Segmenter, source: any ProposalSource,
    options: ProposalOptions = ProposalOptions()
  ) throws {
    try options.check()
    self.segmenter = segmenter
    self.source = source
    self.options = options
  }

  /// Classes that are scored.
  public var classCount: Int { segmenter.classCount }

  /// The aggregated logits at every pixel: 1 × height × width × classes. A pixel that no proposal
  /// covers has 0 for all classes, which makes them equally likely.
  ///
  /// - Parameters:
  ///   - image: a photograph of three channels.
  ///   - parallelism: the threads to use.
  ///   - progress: called after each proposal, with how many of how many are done.
  /// - Throws: `InputError` where the image does not have three channels, there are no proposals,
  ///   or one lies outside it.
  /// - Complexity: memory for three maps of scores at most, whatever the number of proposals.
  public func scores(
    for image: Image, parallelism: Parallelism, progress: (_ done: Int, _ of: Int) -> Void
  ) throws -> Tensor {
    let input = try segmenter.entry.preprocessing.tensor(for: image)
    let proposals = try source.proposals(for: image, limit: options.limit).prefix(options.limit)
    let boxes = try proposals.map { try $0.pixels(of: image.grid) }
    guard !boxes.isEmpty else {
      throw InputError(
        .data, "there are no object proposals for the image",
        remedy: "take another source of proposals")
    }
    var aggregate = ProposalAggregate(
      input.shape.with(channels: classCount), options.aggregation)
    for (index, box) in boxes.enumerated() {
      let scores = try scores(of: input, in: box, parallelism)
      aggregate.add(scores, in: box, parallelism: parallelism)
      progress(index + 1, boxes.count)
    }
    return aggregate.result(parallelism: parallelism)
  }

  /// The logits of one proposal at the size of its box.
  private func scores(
    of input: Tensor, in box: PixelBox, _ parallelism: Parallelism
  ) throws -> Tensor {
    let resize = ScoreResize.bilinear(.halfPixel)
    let view = try resize.apply(
      to: input.window(rows: box.rows, columns: box.columns), height: options.inputSize,
      width: options.inputSize, parallelism: parallelism)
    let scores = try ViewFusion(segmenter, parallelism).scores(for: view) { _, _ in }
    return try resize.apply(
      to: scores, height: box.rows.count, width: box.columns.count, parallelism: parallelism)
  }
}
