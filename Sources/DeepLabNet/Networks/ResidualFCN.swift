/// A fully convolutional network on a residual one: PyTorch's `fcn_resnet50` and `fcn_resnet101`.
///
/// Long et al. (2015), doi:10.1109/CVPR.2015.7298965, in its idea; the atrous backbone, the head
/// and the output stride of 8 are that library's.
enum ResidualFCN {
  private static func network(
    blocks: [Int], classes: Int, outputStride: OutputStride, hasAuxiliary: Bool
  ) -> Network {
    var builder = NetworkBuilder()
    let features = ResNet(
      blocks: blocks, outputStride: outputStride, stridePlace: .middleConvolution,
      poolRounding: .floor
    ).add(to: &builder)
    let scores = PlainHead(name: "head").add(to: &builder, features.last, classes: classes)
    let outputs = PlainHead.outputs(
      scores, of: features, classes: classes, hasAuxiliary: hasAuxiliary, in: &builder)
    return builder.network(outputs: outputs)
  }

  static let entries = [("50", ResNet.blocks50), ("101", ResNet.blocks101)].map {
    layers, blocks in
    CatalogEntry(
      name: "fcn-resnet" + layers, summary: "FCN, ResNet-\(layers), as in torchvision",
      paper: "Fully Convolutional Networks for Semantic Segmentation", year: 2015,
      preprocessing: .pyTorch, resize: .bilinear(.halfPixel),
      buildWithAuxiliaryHead: {
        network(blocks: blocks, classes: $0, outputStride: $1, hasAuxiliary: true)
      },
      build: { network(blocks: blocks, classes: $0, outputStride: $1, hasAuxiliary: false) })
  }
}
