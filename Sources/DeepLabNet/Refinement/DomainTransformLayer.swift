import LatticeSupport
import PostFilters
import Unaries

/// A domain transform whose edges come from the network itself.
///
/// Chen, Barron, Papandreou, Murphy & Yuille, "Semantic image segmentation with task-specific edge
/// detection using CNNs and a discriminatively trained domain transform", CVPR 2016. Inputs:
/// scores, and an edge map of the same height and width with one channel of 0 or more. Its output
/// is the scores, smoothed along rows and columns but not across edges.
public struct DomainTransformLayer: Layer {
  /// How it is made.
  public let settings: DomainTransformSettings

  /// - Parameter settings: how it is made.
  public init(_ settings: DomainTransformSettings) { self.settings = settings }

  /// What kind of layer it is.
  public var kind: String { "domain transform" }

  /// Its inputs: what passes gave is found again, some channels at a time.
  public var backwardReads: BackwardReads { .inputs }

  /// The logarithms of σ of positions and of edges.
  public var parameters: [ParameterSpecification] {
    [
      ParameterSpecification(
        "log_sigmas", shape: [2], role: settings.learnsBandwidths ? .refinement : .frozenWeight,
        initial: [settings.spatialSigma, settings.edgeSigma].map { Float(logarithm($0)) },
        rate: settings.rate)
    ]
  }

  /// The scores' shape.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape {
    precondition(inputs.count == 2, "\(kind): \(inputs.count) inputs instead of two")
    let shape = try sameGrid(inputs)
    try check(inputs[1], has: 1)
    return shape
  }

  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    let transform = transform(parameters)
    let grid = grid(of: output.shape)
    for image in 0..<output.shape.batch {
      let scores = ChannelField(inputs[0], image: image, parallelism: parallelism)
      transform.filter(
        scores, edges: edges(inputs[1], image), on: grid, parallelism: parallelism
      ).write(to: output, image: image, parallelism: parallelism)
    }
  }

  /// Computes the gradients; see `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    let transform = transform(parameters)
    let grid = grid(of: gradient.shape)
    let byScores = Tensor(uninitialized: gradient.shape)
    let byEdges = Tensor(uninitialized: inputs[1].shape)
    var (spatial, edge) = (0.0, 0.0)
    for image in 0..<gradient.shape.batch {
      let found = transform.gradients(
        of: ChannelField(inputs[0], image: image, parallelism: parallelism),
        edges: edges(inputs[1], image), on: grid,
        upstream: ChannelField(gradient, image: image, parallelism: parallelism),
        parallelism: parallelism)
      found.scores.write(to: byScores, image: image, parallelism: parallelism)
      (byEdges.base + image * grid.count).update(from: found.edges, count: grid.count)
      spatial += found.sigmaSpatial * transform.sigmaSpatial
      edge += found.sigmaColor * transform.sigmaColor
    }
    return LayerGradients(
      inputs: [byScores, byEdges],
      parameters: [
        settings.learnsBandwidths
          ? ParameterValues(shape: [2], values: [Float(spatial), Float(edge)]) : nil
      ])
  }

  private func transform(_ parameters: [ParameterValues]) -> DomainTransform {
    let sigmas = parameters[0].values().map { min(max(exponential(Double($0)), 1e-3), 1e6) }
    return DomainTransform(
      sigmaSpatial: sigmas[0] / Double(settings.stride), sigmaColor: sigmas[1],
      iterations: settings.iterations)
  }

  private func grid(of shape: TensorShape) -> GridShape {
    do {
      return try GridShape([shape.height, shape.width])
    } catch {
      preconditionFailure("\(shape) is no grid: \(error)")
    }
  }

  private func edges(_ edges: Tensor, _ image: Int) -> [Float] {
    let points = edges.shape.height * edges.shape.width
    return Array(UnsafeBufferPointer(start: edges.base + image * points, count: points))
  }
}
