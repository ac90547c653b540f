import DeepLabNet
import LatticeSupport
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

  @Test(arguments: vggNetworks, ExecutionWay.allCases)
  func vggNetworksGiveTheScoresOfTheReference(
    _ network: (folder: String, name: String), _ way: ExecutionWay
  ) throws {
    let folder = network.folder
    let entry = try NetworkCatalog.entry(named: network.name)
    let runner = try runner(of: entry, folder: folder, way)
    for golden in NetworkCase.all(in: folder) {
      let input = try golden.input(for: entry)
      let scores = try runner.scores(of: input)
      try golden.expect(scores, "out_native")
      try golden.expectPixels(scores, "out", entry)
    }
  }

  @Test(arguments: ExecutionWay.allCases)
  func residualNetworkGivesTheScoresOfTheReferenceAtEveryScale(_ way: ExecutionWay) throws {
    let folder = "kazuto_deeplabv2_resnet101_msc"
    let entry = try NetworkCatalog.entry(named: "deeplab-v2-resnet101")
    let runner = try runner(of: entry, folder: folder, way)
    for golden in NetworkCase.all(in: folder) {
      let input = try golden.input(for: entry)
      var scores: [Tensor] = []
      for (factor, name) in [(1, "base"), (0.5, "base050"), (0.75, "base075")] {
        let scaled =
          factor == 1
          ? input
          : try run(BilinearResize(to: .scaled(by: factor), corners: .halfPixel), [input], [])
        scores.append(try runner.scores(of: scaled))
        try golden.expect(scores[scores.count - 1], name + "_native")
      }
      let resize = BilinearResize(to: .ofLastInput, corners: .halfPixel)
      let others = try scores.dropFirst().map { try run(resize, [$0, scores[0]], []) }
      let fused = try run(ElementwiseMax(), [scores[0]] + others, [])
      try golden.expect(fused, "msc_native")
      try golden.expectPixels(fused, "out", entry)
    }
  }

  private func runner(
    of entry: CatalogEntry, folder: String, _ way: ExecutionWay
  ) throws -> NetworkRunner {
    let network = try entry.make()
    let weights = try MappedCheckpoint(network, in: FixtureWeights(folder: folder))
    return try NetworkRunner(network, parameters: weights, way: way)
  }
}
