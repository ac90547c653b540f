/// DeepLab v1 on VGG-16: Chen et al. (2015), arXiv 1412.7062, table 3.
enum DeepLabV1 {
  private static let title =
    "Semantic Image Segmentation with Deep Convolutional Nets and Fully "
    + "Connected CRFs"

  private static func entry(
    _ name: String, _ summary: String, sizes: ImageSizes = .any,
    resize: ScoreResize = .bilinear(.aligned), outputStrides: [OutputStride] = OutputStride.all,
    _ network: VGGDeepLab
  ) -> CatalogEntry {
    CatalogEntry(
      name: "deeplab-v1-" + name, summary: "DeepLab v1, VGG-16, " + summary, paper: title,
      year: 2015, preprocessing: .caffe, resize: resize, sizes: sizes,
      outputStrides: outputStrides, build: network.network)
  }

  static let entries = [
    entry(
      "largefov", "3 × 3 at rate 12", VGGDeepLab(rates: [12], averagesLastPool: true)),
    entry("7x7-r4", "7 × 7 at rate 4", VGGDeepLab(kernelSize: 7, rates: [4], width: 4096)),
    entry("4x4-r4", "4 × 4 at rate 4", VGGDeepLab(kernelSize: 4, rates: [4], width: 4096)),
    entry("4x4-r8", "4 × 4 at rate 8", VGGDeepLab(kernelSize: 4, rates: [8], width: 4096)),
    entry(
      "4x4-r4-shifted", "4 × 4 at rate 4, pools of 2 × 2",
      sizes: .multiple(of: 16, plus: 2), resize: .zoomed(by: 8, croppedFrom: 7),
      outputStrides: [.eight],
      VGGDeepLab(kernelSize: 4, rates: [4], width: 4096, pools: .shifted)),
    entry(
      "msc-largefov", "3 × 3 at rate 12, scores of the image and four pools",
      sizes: .multiple(of: 32, plus: 1),
      VGGDeepLab(rates: [12], averagesLastPool: true, hasSideBranches: true)),
  ]
}
