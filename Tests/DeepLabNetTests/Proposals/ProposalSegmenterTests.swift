import DeepLabNet
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite struct ProposalSegmenterTests {
  /// Boxes that are given.
  private struct Boxes: ProposalSource {
    let boxes: [Proposal]

    func proposals(for image: Image, limit: Int) -> [Proposal] { boxes }
  }

  private static let size = 12

  private func segmenter(
    _ boxes: [Proposal], limit: Int = 50, _ rule: ProposalOptions.Aggregation = .maximum
  ) throws -> ProposalSegmenter {
    var options = ProposalOptions()
    (options.inputSize, options.limit, options.aggregation) = (Self.size, limit, rule)
    return try ProposalSegmenter(
      PixelwiseNetwork.segmenter(), source: Boxes(boxes: boxes), options: options)
  }

  private func square(_ x: Double, _ y: Double) throws -> Proposal {
    try Proposal(x0: x, y0: y, x1: x + Double(Self.size), y1: y + Double(Self.size))
  }

  @Test func boxesOfTheNetworksSizeHaveItsScores() throws {
    let image = try PixelwiseNetwork.photograph(width: 40, height: 30)
    let plain = try PixelwiseNetwork.segmenter().scores(for: image)
    var last = (done: 0, count: -1)
    let scores = try segmenter([square(3, 5), square(10, 9), square(60, 60)], limit: 2, .sum)
      .scores(for: image, parallelism: .automatic) { last = ($0, $1) }
    #expect(last == (2, 2))
    for row in 0..<30 {
      for column in 0..<40 {
        let boxes = [(3, 5), (10, 9)].count { x, y in
          x..<x + Self.size ~= column && y..<y + Self.size ~= row
        }
        for channel in 0..<3 {
          let expected = Float(boxes) * plain[0, row, column, channel]
          #expect(scores[0, row, column, channel] == expected)
        }
      }
    }
  }

  @Test func boxesAreResizedToTheNetworkAndBack() throws {
    let image = try Image(
      width: 50, height: 40, rgb: [UInt8](repeating: 90, count: 3 * 50 * 40))
    let plain = try PixelwiseNetwork.segmenter().scores(for: image)
    // Partly outside the image, smaller and larger than the network's input.
    let boxes = [
      try Proposal(x0: -4.5, y0: 2.2, x1: 5, y1: 9.1), try Proposal(x0: 20, y0: 1, x1: 99, y1: 39),
    ]
    let scores = try segmenter(boxes, .sum).scores(for: image)
    for (row, column, isInside) in [
      (2, 0, true), (9, 4, true), (1, 0, false), (10, 0, false), (5, 5, false), (1, 20, true),
      (38, 49, true), (39, 30, false), (0, 30, false),
    ] {
      for channel in 0..<3 {
        let expected = isInside ? plain[0, row, column, channel] : 0
        // Interpolation between equal values rounds twice.
        #expect(abs(scores[0, row, column, channel] - expected) <= 1e-6)
      }
    }
  }

  @Test func impossibleProposalsAndOptionsAreRefused() throws {
    let image = try PixelwiseNetwork.photograph(width: 20, height: 20)
    let none = errorText { _ = try segmenter([]).scores(for: image) }
    #expect(none.contains("no object proposals"))
    let outside = errorText { _ = try segmenter([square(20, 0)]).scores(for: image) }
    #expect(outside.contains("outside an image of 20×20"))
    #expect(throws: InputError.self) { try segmenter([], limit: 0) }
    for (x1, y1) in [(1.0, 5.0), (5, .infinity), (.nan, 5)] {
      #expect(throws: InputError.self) { try Proposal(x0: 1, y0: 1, x1: x1, y1: y1) }
    }
  }

  @Test(arguments: ProposalOptions.Aggregation.allCases)
  func isAUnary(_ rule: ProposalOptions.Aggregation) throws {
    let scene = Scene(try PixelwiseNetwork.photograph(width: 61, height: 47))
    let segmenter = try ProposalSegmenter(
      PixelwiseNetwork.segmenter(), source: SlidingGrid(shares: [0.9, 0.4]),
      options: segmenter([], rule).options)
    try checkUnary(
      { DeepLab(segmenter, parallelism: $0) }, scene: scene, hasFixedSize: false)
    let blind = errorText {
      _ = try DeepLab(segmenter).energies(for: Scene(grid: GridShape([4, 4])))
    }
    #expect(blind.contains("without an image"))
  }

  @Test func eDeconvNetIsTheMeanOfBothProbabilities() throws {
    func unary(_ probabilities: [Float]) throws -> ScoreMapUnary {
      try ScoreMapUnary(
        NumericArray(shape: [1, 2, 2], values: probabilities), kind: .probabilities,
        layout: .channelsLast)
    }
    let ensemble = try EnsembleUnary.eDeconvNet(
      deconvNet: unary([0.9, 0.1, 0.3, 0.7]), fcn: unary([0.5, 0.5, 0.1, 0.9]))
    let energies = try ensemble.energies(for: Scene(grid: GridShape([1, 2]))).values.rows()
    let expected: [Double] = [0.7, 0.3, 0.2, 0.8]
    // Energies of about 1 in float32, back and forth through the exponential.
    for (energy, probability) in zip(energies, expected) {
      #expect(abs(Double(energy) + logarithm(probability)) < 1e-6)
    }
  }
}
