import DeepLabNet
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite struct SegmenterTests {
  @Test(arguments: [1, 5, 8, 9, 16, 23, 64, 100], [(8, 0), (8, 3), (16, 15), (5, 4)])
  func tileWeightsSumToOne(_ length: Int, _ tiling: (size: Int, overlap: Int)) throws {
    var sums = [Float](repeating: 0, count: length)
    let pieces = try Tiling(size: tiling.size, overlap: tiling.overlap).pieces(of: length)
    for piece in pieces {
      #expect(piece.range.count == min(tiling.size, length))
      for (pixel, weight) in zip(piece.range, piece.weights) { sums[pixel] += weight }
    }
    // Weights are rounded quotients: a few units in the last place.
    #expect(sums.allSatisfy { abs($0 - 1) < 1e-6 })
    for (piece, next) in zip(pieces, pieces.dropFirst()) {
      #expect(piece.range.upperBound - next.range.lowerBound >= tiling.overlap)
    }
  }

  @Test func anImageThatNeedsMoreThanTheMemoryIsRefused() throws {
    let network = try NetworkCatalog.entry(named: "deeplab-v3-mobilenet-v3-large").make()
    let prepared = try PreparedNetwork(
      network, parameters: InitialParameters(for: network), height: 65, width: 65)
    let error = #expect(throws: InputError.self) {
      try prepared.plan(height: 1 << 20, width: 1 << 20)
    }
    #expect(error?.problem.contains("1048576 × 1048576") == true)
    #expect(error?.remedy.description.contains("tiles") == true)
  }

  @Test func tilesOfAPixelwiseNetworkGiveItsOwnScores() throws {
    let image = try PixelwiseNetwork.photograph(width: 50, height: 33)
    let whole = try PixelwiseNetwork.segmenter(SegmentationOptions()).scores(for: image)
    var options = SegmentationOptions()
    options.tiles = try Tiling(size: 16, overlap: 5)
    var last = (done: 0, count: -1)
    let tiled = try PixelwiseNetwork.segmenter(options)
      .scores(for: image, parallelism: .automatic) { last = ($0, $1) }
    #expect(last.done == last.count)
    // Scores of about 1, weighted by weights that sum to 1 but for rounding.
    for (one, other) in zip(tiled.values(), whole.values()) { #expect(abs(one - other) < 1e-5) }
  }

  @Test func mirroredViewsOfAPixelwiseNetworkChangeNothing() throws {
    let image = try PixelwiseNetwork.photograph(width: 21, height: 8)
    var options = SegmentationOptions()
    options.isFlipped = true
    let plain = try PixelwiseNetwork.segmenter(SegmentationOptions()).scores(for: image)
    #expect(try PixelwiseNetwork.segmenter(options).scores(for: image).values() == plain.values())
  }

  @Test func impossibleOptionsAreRefused() {
    var options = SegmentationOptions()
    for scales in [[], [0], [-1], [1, 1], [.nan]] {
      options.scales = scales
      #expect(throws: InputError.self) { try PixelwiseNetwork.segmenter(options) }
    }
    #expect(throws: InputError.self) { try Tiling(size: 8, overlap: 8) }
  }

  @Test(.enabled(if: Shared.isPresent, Shared.absence))
  func threeScalesGiveTheFusedScoresOfTheReference() throws {
    let folder = "kazuto_deeplabv2_resnet101_msc"
    let entry = try NetworkCatalog.entry(named: "deeplab-v2-resnet101")
    let network = try entry.make()
    var options = SegmentationOptions()
    options.scales = [1, 0.75, 0.5]
    let segmenter = try Segmenter(
      entry, network: network,
      parameters: MappedCheckpoint(network, in: FixtureWeights(folder: folder)), options: options)
    for golden in NetworkCase.all(in: folder) {
      let scores = try segmenter.scores(for: golden.image())
      let difference = try TensorDifference(
        scores.subsampled(by: golden.subsampling(of: "out")), golden.output("out"))
      print("\(golden.testDescription), three scales: \(difference)")
      #expect(difference.largest <= NetworkCase.tolerance * difference.deviation)
    }
  }
}
