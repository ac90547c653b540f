import DeepLabNet
import Support
import TestSupport
import Testing
import Unaries

/// Whole networks with the fixtures' weights, from the photograph to the class of every pixel.
@Suite(.enabled(if: Shared.isPresent, Shared.absence), .serialized) struct NetworkGoldenTests {
  /// Folders of the fixtures with the networks that they are of.
  static let vggNetworks = [
    ("vgg16_deeplab_largefov", "deeplab-v1-largefov"),
    ("vgg16_deeplab_4x4_r4", "deeplab-v1-4x4-r4"),
    ("vgg16_deeplab_4x4_r8", "deeplab-v1-4x4-r8"),
    ("vgg16_deeplab_4x4_r4_v1pools", "deeplab-v1-4x4-r4-shifted"),
    ("vgg16_deeplab_7x7_r4", "deeplab-v1-7x7-r4"),
    ("vgg16_deeplab_aspp_s", "deeplab-v2-vgg16-aspp-s"),
    ("vgg16_deeplab_aspp_l", "deeplab-v2-vgg16-aspp-l"),
  ]

  /// Of the logits' standard deviation: far below what changes a label, far above the rounding of some
  /// hundred layers in float32, for which the fixtures give 5e-6.
  static let tolerance: Float = 1e-3
  /// The share of pixels whose class must be the same: two classes may be as good as equal at a border.
  static let agreement = 0.999

  @Test(arguments: vggNetworks, ExecutionWay.allCases)
  func vggNetworksGiveTheScoresOfTheReference(
    _ network: (folder: String, name: String), _ way: ExecutionWay
  ) throws {
    let folder = network.folder
    let entry = try NetworkCatalog.entry(named: network.name)
    let runner = try runner(of: entry, folder: folder, way)
    for golden in NetworkCase.all(in: folder) {
      let input = try input(of: golden, entry)
      let scores = try runner.scores(of: input)
      try expect(scores, golden, "out_native")
      try expectPixels(scores, golden, entry)
    }
  }

  @Test(arguments: ExecutionWay.allCases)
  func residualNetworkGivesTheScoresOfTheReferenceAtEveryScale(_ way: ExecutionWay) throws {
    let folder = "kazuto_deeplabv2_resnet101_msc"
    let entry = try NetworkCatalog.entry(named: "deeplab-v2-resnet101")
    let runner = try runner(of: entry, folder: folder, way)
    for golden in NetworkCase.all(in: folder) {
      let input = try input(of: golden, entry)
      var scores: [Tensor] = []
      for (factor, name) in [(1, "base"), (0.5, "base050"), (0.75, "base075")] {
        let scaled =
          factor == 1
          ? input
          : try run(BilinearResize(to: .scaled(by: factor), corners: .halfPixel), [input], [])
        scores.append(try runner.scores(of: scaled))
        try expect(scores[scores.count - 1], golden, name + "_native")
      }
      let resize = BilinearResize(to: .ofLastInput, corners: .halfPixel)
      let others = try scores.dropFirst().map { try run(resize, [$0, scores[0]], []) }
      let fused = try run(ElementwiseMax(), [scores[0]] + others, [])
      try expect(fused, golden, "msc_native")
      try expectPixels(fused, golden, entry)
    }
  }

  private func runner(
    of entry: CatalogEntry, folder: String, _ way: ExecutionWay
  ) throws -> NetworkRunner {
    let network = try entry.make()
    let weights = try MappedCheckpoint(network, in: FixtureWeights(folder: folder))
    return try NetworkRunner(network, parameters: weights, way: way)
  }

  /// The preprocessed photograph, which equals the one of the reference where there is one.
  private func input(of golden: NetworkCase, _ entry: CatalogEntry) throws -> Tensor {
    let input = try entry.preprocessing.tensor(for: golden.image())
    if let expected = try golden.input() {
      let isSame = input.values() == expected.values()
      #expect(isSame, "\(golden.testDescription): another input")
    }
    return input
  }

  private func expect(_ scores: Tensor, _ golden: NetworkCase, _ output: String) throws {
    let expected = try golden.output(output)
    let difference = try TensorDifference(scores, expected)
    print("\(golden.testDescription), \(output): \(difference)")
    #expect(difference.largest <= Self.tolerance * difference.deviation)
    let agreement = Self.agreement(scores.argMax(), expected.argMax())
    #expect(agreement >= Self.agreement)
  }

  private func expectPixels(
    _ scores: Tensor, _ golden: NetworkCase, _ entry: CatalogEntry
  ) throws {
    let pixels = try entry.resize.apply(to: scores, height: golden.height, width: golden.width)
    try expect(pixels.subsampled(by: golden.subsampling(of: "out")), golden, "out")
    let agreement = Self.agreement(pixels.argMax(), try golden.labels())
    #expect(agreement >= Self.agreement)
  }

  private static func agreement(_ found: [UInt16], _ expected: [UInt16]) -> Double {
    let equal = zip(found, expected).count { $0 == $1 }
    return found.count == expected.count ? Double(equal) / Double(found.count) : 0
  }
}
