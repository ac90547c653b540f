import ArgumentParser
import DeepLabNet

/// `--convolution`: one algorithm for all layers that it applies to, or each layer's fastest.
enum ConvolutionChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, direct, winograd, phases

  /// The algorithm to force; `nil` for each layer's fastest.
  var algorithm: ConvolutionAlgorithm? { ConvolutionAlgorithm(rawValue: rawValue) }
}
