import LatticeSupport

/// How batch normalisations act in training.
public enum NormalizationMode: String, Sendable, Codable, CaseIterable {
  /// By the statistics of each batch, which the running ones follow.
  case batch
  /// By their running statistics; nothing of them changes. What small batches need: Chen et al.
  /// (2017), §4.1.2.
  case frozen
}

/// A network as training computes it: nodes that can be fused are one step, and each step knows
/// what the backward pass needs of it.
package struct TrainingGraph: Sendable {
  let steps: [TrainingStep]
  /// Where the network's outputs come from, in their order.
  let outputs: [Network.Source]
  /// For each step, whether its output is read after the forward pass: by the backward pass, or by
  /// the network's user.
  let isReadLater: [Bool]
  /// For each step, the last step that reads its output in the forward pass: itself where none
  /// does, the number of steps for an output of the network.
  let lastReaders: [Int]
  /// For each of the network's parameters, whether gradients change it.
  let isLearned: [Bool]

  /// Whether the backward pass goes on to the network's input.
  let followsImage: Bool

  private let recomputesActivations: Bool

  /// - Parameters:
  ///   - network: what is computed.
  ///   - normalization: how batch normalisations act.
  ///   - recomputesActivations: whether the backward pass computes activations again, so that the
  ///     forward pass need not keep all of them.
  ///   - learnsRefinementAlone: whether layers that refine scores learn and nothing else does.
  ///   - followsImage: whether it is the change with the network's input that is wanted, and that
  ///     with no parameter.
  package init(
    _ network: Network, normalization: NormalizationMode, recomputesActivations: Bool = false,
    learnsRefinementAlone: Bool = false, followsImage: Bool = false
  ) {
    self.followsImage = followsImage
    self.recomputesActivations = recomputesActivations
    let normalization = learnsRefinementAlone ? .frozen : normalization
    isLearned = network.nodes.flatMap { node in
      let isFrozen = node.layer is BatchNormalization && normalization == .frozen
      return node.layer.parameters.map {
        $0.isLearned && !followsImage && !isFrozen
          && (!learnsRefinementAlone || $0.role == .refinement)
      }
    }
    let fusion = StepFusion(network, normalization: normalization)
    outputs = network.outputs.map { output in
      guard case .node(let node) = output.source else { return .image }
      return .node(fusion.places[node])
    }
    steps = Self.withGradientNeeds(fusion.steps, isLearned, followsImage: followsImage)
    (isReadLater, lastReaders) = Self.readers(steps, outputs)
  }

  /// Steps of a pass.
  package var stepCount: Int { steps.count }

  private static func withGradientNeeds(
    _ steps: [TrainingStep], _ isLearned: [Bool], followsImage: Bool
  ) -> [TrainingStep] {
    var steps = steps
    for index in steps.indices {
      steps[index].learns = steps[index].parameters.contains { isLearned[$0] }
      steps[index].passesOn = steps[index].inputs.contains { input in
        if case .node(let node) = input { steps[node].isSwept } else { followsImage }
      }
    }
    return steps
  }

  private static func readers(
    _ steps: [TrainingStep], _ outputs: [Network.Source]
  ) -> (isReadLater: [Bool], lastReaders: [Int]) {
    var isReadLater = steps.map { $0.isSwept && $0.readsOutput }
    var lastReaders = Array(steps.indices)
    for (index, step) in steps.enumerated() {
      for case .node(let input) in step.inputs {
        lastReaders[input] = index
        if step.isSwept && step.readsInputs { isReadLater[input] = true }
      }
    }
    for case .node(let output) in outputs {
      isReadLater[output] = true
      lastReaders[output] = steps.count
    }
    return (isReadLater, lastReaders)
  }

  /// The shape of each step's output.
  ///
  /// - Throws: `InputError` naming the layer that cannot take its inputs.
  func shapes(for image: TensorShape) throws -> [TensorShape] {
    var shapes: [TensorShape] = []
    for step in steps {
      shapes.append(try step.outputShape(for: step.inputs.map { $0.shape(in: shapes, image) }))
    }
    return shapes
  }

  /// Refuses batches in which a batch normalisation that goes by the batch's statistics would see a
  /// single value of each channel, as behind a mean over the whole of one image.
  ///
  /// That value is the mean, and the variance is 0: the output would be the shift alone whatever
  /// the image, and the running variance would fall towards 0. PyTorch refuses it, too.
  ///
  /// - Parameters:
  ///   - shapes: those of the steps' outputs.
  ///   - image: that of the network's input.
  /// - Throws: `InputError` naming the first such layer.
  func checkStatistics(_ shapes: [TensorShape], of image: TensorShape) throws {
    guard let step = steps.first(where: { $0.seesOneValue(shapes, image) }) else { return }
    // Far larger images tell whether the layer sees a mean over all of each.
    let large = TensorShape(
      batch: image.batch, height: 64 * image.height, width: 64 * image.width,
      channels: image.channels)
    let isPooled = (try? self.shapes(for: large)).map { step.seesOneValue($0, large) } ?? false
    let size = isPooled ? "whatever its size" : "of \(image.width)×\(image.height) pixels"
    throw InputError(
      .data, at: step.name,
      "the batch normalisation would see one value of each channel in a batch of one image"
        + "\(isPooled ? "," : "") \(size), and give the same for every image",
      remedy: "train on batches of two images or more (batch=2; accumulation does not help)"
        + (isPooled ? "" : ", on larger ones") + ", or with normalization=frozen")
  }

  /// What a pass keeps and what it computes again, for outputs of these shapes.
  func plan(for shapes: [TensorShape]) -> ActivationPlan {
    recomputesActivations
      ? SegmentChoice(self, sizes: shapes.map(\.count)).plan() : ActivationPlan(self)
  }

  /// The most bytes of activations and of their gradients that a pass over an image holds at once,
  /// as planned; scratch memory and parameters are not among them.
  ///
  /// - Throws: `InputError` naming the layer that cannot take its inputs.
  package func peakBytes(for image: TensorShape) throws -> Int {
    let shapes = try shapes(for: image)
    return plan(for: shapes).peak(of: self, sizes: shapes.map(\.count)) * MemoryLayout<Float>.size
  }
}
