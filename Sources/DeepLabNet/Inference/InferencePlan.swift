import LatticeSupport

/// A prepared network for images of one size: every tensor has its place in one block of memory,
/// which tensors that are not needed at the same time share.
///
/// A plan serves one caller at a time.
public final class InferencePlan {
  private let network: PreparedNetwork
  /// The shape of the image that `run` takes.
  public let inputShape: TensorShape
  private let shapes: [TensorShape]
  private let memory: MemoryPlan
  private let places: [Int: Int]
  private let arena: AlignedBuffer<Float>
  private let observations: [Observation]

  /// The number of bytes that the tensors take, beside the image and the weights.
  public var byteCount: Int { memory.count * MemoryLayout<Float>.stride }

  /// - Throws: `InputError` where such an image does not fit the network, or the tensors the
  ///   memory.
  init(_ network: PreparedNetwork, height: Int, width: Int) throws {
    self.network = network
    inputShape = TensorShape(height: height, width: width, channels: network.network.inputChannels)
    let fused = network.fused
    shapes = try fused.shapes(inputShape)
    let tensors = TensorLifetimes(fused, shapes)
    memory = MemoryPlan(tensors.requests)
    places = tensors.places
    observations = try network.steps.map { [shapes, inputShape] in
      try Observation($0, of: fused.graph, shapes: shapes, image: inputShape)
    }
    let available = memoryLimit()
    guard memory.count <= available / MemoryLayout<Float>.stride else {
      throw InputError(
        .data,
        "an image of \(width) × \(height) takes \(memory.count >> 18) MiB in the network, but "
          + "there are \(available >> 20)",
        remedy: "look at it in tiles, or make it smaller")
    }
    arena = AlignedBuffer(uninitialized: memory.count)
  }

  deinit { ScratchMemory.shared.release() }

  /// What a step has cost.
  public struct Observation: Sendable {
    /// The name of the layer, the first of those that the step joins.
    public let name: String
    /// What kind of layer it is.
    public let kind: String
    /// How a convolution is computed; `nil` for other layers.
    public let algorithm: ConvolutionAlgorithm?
    /// The output's shape.
    public let output: TensorShape
    /// Multiply-adds by the definition of a convolution.
    public let multiplyAdds: Int
  }

  /// Runs the network on one image.
  ///
  /// - Parameters:
  ///   - input: a preprocessed image of the plan's size.
  ///   - parallelism: the threads to use.
  ///   - observer: called with each step, which it must run.
  /// - Returns: the network's outputs, in its order; copies that later runs leave alone.
  public func run(
    _ input: Tensor, parallelism: Parallelism = .automatic,
    observer: (Observation, () -> Void) -> Void = { _, run in run() }
  ) -> [Tensor] {
    precondition(input.shape == inputShape, "a plan for \(inputShape) was given \(input.shape)")
    for (prepared, observation) in zip(network.steps, observations) {
      let step = prepared.step
      let inputs = step.inputs.map { tensor($0, input) }
      let residual = step.fused?.residual.map { tensor($0, input) }
      let output = tensor(.node(step.output), input)
      observer(observation) {
        prepared.run(inputs, residual: residual, into: output, parallelism: parallelism)
      }
    }
    return network.fused.graph.outputs.map { result in
      let tensor = tensor(result.source, input)
      let copy = Tensor(uninitialized: tensor.shape)
      copy.base.update(from: tensor.base, count: tensor.shape.count)
      return copy
    }
  }

  private func tensor(_ source: Network.Source, _ input: Tensor) -> Tensor {
    guard case .node(let node) = source, let place = places[node] else { return input }
    let offset = memory.offsets[place]
    return Tensor(
      shapes[node],
      storage: AlignedBuffer(part: offset..<offset + shapes[node].count, of: arena))
  }

}

extension InferencePlan.Observation {
  fileprivate init(
    _ prepared: PreparedStep, of graph: SimplifiedGraph, shapes: [TensorShape], image: TensorShape
  ) throws {
    let node = graph.nodes[prepared.step.node]
    name = node.name
    kind = node.layer.kind
    algorithm = prepared.algorithm
    output = shapes[prepared.step.output]
    multiplyAdds = try node.layer.multiplyAdds(
      for: prepared.step.inputs.map { $0.shape(in: shapes, image) })
  }
}
