/// Atrous spatial pyramid pooling as the classifier itself: 3 × 3 convolutions of several rates
/// straight to the classes, summed.
///
/// Chen et al. (2017), doi:10.1109/TPAMI.2017.2699184, §3.2. Layers are called `aspp.0` …; with one
/// rate it is the large field of view.
struct SummedPyramid {
  /// The rates at an output stride of 8; other strides keep the span in pixels.
  let rates: [Int]

  /// Adds the layers.
  func add(
    to builder: inout NetworkBuilder, _ features: BackboneFeatures.Map, classes: Int,
    outputStride: OutputStride
  ) -> Network.Source {
    let scores = rates.enumerated().map { index, rate in
      let spread = ConvolutionGeometry.Extent(outputStride.rate(matching: rate, at: .eight))
      let convolution = Convolution(
        from: features.channels, to: classes, kernelSize: 3, padding: spread, rate: spread)
      return builder.add(convolution, to: features.source, named: "aspp.\(index)")
    }
    return builder.addSum(of: scores, named: "aspp.sum")
  }
}
