/// One step of an inference: a layer by itself, or a convolution with what follows it. Nodes are
/// those of the simplified graph.
struct FusedStep: Sendable {
  /// A convolution and what is done to its sums before they are written.
  struct FusedConvolution: Sendable {
    /// The node of a batch normalisation that is folded into the weights.
    var normalization: Int?
    /// What is added position by position.
    var residual: Network.Source?
    /// The range that results are clamped to.
    var range: ClosedRange<Float> = -Float.infinity...Float.infinity
  }

  /// The node whose layer is computed.
  let node: Int
  /// What is done beside, where the layer is a convolution.
  var fused: FusedConvolution?
  /// The node whose output this is: the last one that is part of the step.
  var output: Int
  /// Where the inputs come from, the residual not among them.
  let inputs: [Network.Source]

  /// Everything that the step reads.
  var sources: [Network.Source] { inputs + [fused?.residual].compactMap(\.self) }
}
