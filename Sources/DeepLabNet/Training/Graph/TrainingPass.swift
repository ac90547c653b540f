import LatticeSupport

/// One forward pass, with what the backward pass needs of it.
///
/// Activations are freed as soon as neither pass needs them: those that the plan does not keep in
/// the forward pass, the others as the backward sweep passes. What a segment's sweep reads and the
/// plan has not kept is computed again just before it.
package struct TrainingPass {
  private let graph: TrainingGraph
  private let parameters: [ParameterValues]
  private let parallelism: Parallelism
  private let image: Tensor
  private var values: [Tensor?]
  private let shapes: [TensorShape]
  /// What is kept and what is computed again.
  let plan: ActivationPlan
  /// For each step what its normalisation found in the batch.
  private var moments: [Int: BatchMoments] = [:]
  /// For each step what its layer has noted of the forward pass.
  private var records: [Int: any Sendable] = [:]
  private let dropoutSeed: UInt64
  private let group: (any TrainingGroup)?
  private let firstImage: Int

  /// Computes the network's outputs.
  ///
  /// - Parameters:
  ///   - graph: what is computed.
  ///   - image: the network's input.
  ///   - parameters: all of the network's, in its order.
  ///   - dropoutSeed: the same seed drops the same values.
  ///   - group: the processes whose shares make up the batch; `nil` where `image` is all of it.
  ///   - firstImage: images of the batch that other processes see before those of this one.
  ///   - plan: that of another pass over an image of the same shape; `nil` to make one.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where a layer cannot take its inputs, or a batch normalisation has too
  ///   few of them to take statistics from.
  package init(
    _ graph: TrainingGraph, image: Tensor, parameters: [ParameterValues], dropoutSeed: UInt64,
    group: (any TrainingGroup)? = nil, firstImage: Int = 0,
    plan: ActivationPlan? = nil, parallelism: Parallelism
  ) throws {
    self.graph = graph
    self.group = group
    self.firstImage = firstImage
    self.parameters = parameters
    self.image = image
    self.dropoutSeed = dropoutSeed
    self.parallelism = parallelism
    shapes = try graph.shapes(for: image.shape)
    if group == nil { try graph.checkStatistics(shapes, of: image.shape) }
    self.plan = plan ?? graph.plan(for: shapes)
    values = [Tensor?](repeating: nil, count: graph.steps.count)
    run(self.plan.forward)
  }

  private mutating func run(_ run: ActivationPlan.Run) {
    for (index, finished) in zip(run.steps, run.finished) {
      values[index] = compute(graph.steps[index], index)
      for done in finished { values[done] = nil }
    }
  }

  /// Bytes of the activations that are held now.
  package var heldBytes: Int {
    values.reduce(0) { $0 + ($1?.shape.count ?? 0) } * MemoryLayout<Float>.size
  }

  /// The network's outputs, in its order.
  package var outputs: [Tensor] { graph.outputs.map(value) }

  /// What the batch normalisations found, by their running mean's place among the parameters.
  package var statistics: [(mean: Int, moments: BatchMoments)] {
    moments.keys.sorted().compactMap { index in
      moments[index].map { (graph.steps[index].parameters[2], $0) }
    }
  }

  private func value(_ source: Network.Source) -> Tensor {
    guard case .node(let index) = source else { return image }
    guard let tensor = values[index] else { preconditionFailure("step \(index) has been freed") }
    return tensor
  }

  private mutating func compute(_ step: TrainingStep, _ index: Int) -> Tensor {
    let inputs = step.inputs.map(value)
    let own = step.parameters.map { parameters[$0] }
    switch step.operation {
    case .convolution(let layer):
      let output = Tensor(uninitialized: shapes[index])
      PreparedConvolution(
        layer, weight: own[0], bias: layer.hasBias ? own[1] : nil,
        algorithm: .fastest(for: layer, input: inputs[0].shape), parallelism: parallelism
      ).apply(
        to: inputs[0], into: output,
        epilogue: ConvolutionEpilogue(range: step.range ?? -Float.infinity...Float.infinity),
        parallelism: parallelism)
      return output
    case .normalization(let layer, let usesBatch):
      if usesBatch && moments[index] == nil {
        moments[index] = BatchMoments(
          of: inputs[0], group: group, parallelism: parallelism)
      }
      let training = TrainedNormalization(
        layer, parameters: own, moments: moments[index], group: group)
      return training.output(
        for: inputs[0], adding: inputs.count > 1 ? inputs[1] : nil, range: step.range,
        parallelism: parallelism)
    case .dropout(let layer):
      return drop(inputs[0], layer, index)
    case .layer(let layer as any RecordedLayer) where step.isSwept:
      let output = Tensor(uninitialized: shapes[index])
      records[index] = layer.recordedForward(
        inputs, parameters: own, into: output, parallelism: parallelism)
      return output
    case .layer(let layer):
      let output = Tensor(uninitialized: shapes[index])
      layer.forward(inputs, parameters: own, into: output, parallelism: parallelism)
      return output
    }
  }

  /// The values that a dropout leaves, or the gradients that it lets pass: both the same.
  private func drop(_ input: Tensor, _ layer: Dropout, _ index: Int) -> Tensor {
    layer.dropping(
      input, firstImage: firstImage, key: dropoutSeed &+ UInt64(index) &* 0xD1B5_4A32_D192_ED03,
      parallelism: parallelism)
  }

  /// Sweeps back from the outputs, and frees what the pass has kept.
  ///
  /// - Parameters:
  ///   - slopes: how the loss changes with each output; `nil` where it does not.
  ///   - gradients: how the loss changes with the parameters; what is found is added.
  /// - Returns: how the loss changes with the network's input, where the graph follows it.
  /// - Throws: `InputError` where a layer has no gradient.
  @discardableResult
  package consuming func backward(
    from slopes: [Tensor?], addingTo gradients: inout ParameterGradients
  ) throws -> Tensor? {
    // The last is for the image.
    var found = [Tensor?](repeating: nil, count: graph.steps.count + 1)
    for (source, slope) in zip(graph.outputs, slopes) {
      guard case .node(let index) = source, let slope else { continue }
      Self.add(slope, to: &found[index], parallelism)
    }
    for segment in plan.segments.reversed() {
      run(segment.recomputation)
      for index in segment.steps.reversed() {
        let step = graph.steps[index]
        if step.isSwept, var gradient = found[index] {
          found[index] = nil
          try sweep(step, index, &gradient, &found, &gradients)
        }
        values[index] = nil
        records[index] = nil
      }
    }
    return found[graph.steps.count]
  }

  /// Where the gradient of a source is summed up; `nil` where nobody wants it.
  private func place(of source: Network.Source) -> Int? {
    switch source {
    case .node(let node): graph.steps[node].isSwept ? node : nil
    case .image: graph.followsImage ? graph.steps.count : nil
    }
  }

  private func sweep(
    _ step: TrainingStep, _ index: Int, _ gradient: inout Tensor, _ found: inout [Tensor?],
    _ gradients: inout ParameterGradients
  ) throws {
    if let range = step.range {
      if !gradient.isUnique() { gradient = gradient.copied() }
      gradient.mask(where: value(.node(index)), isWithin: range, parallelism: parallelism)
    }
    func pass(_ gradient: Tensor, to input: Int, _ found: inout [Tensor?]) {
      guard let place = place(of: step.inputs[input]) else { return }
      Self.add(gradient, to: &found[place], parallelism)
    }
    switch step.operation {
    case .convolution(let layer):
      try sweep(layer, step, gradient, &found, &gradients)
    case .normalization(let layer, _):
      if step.inputs.count > 1 { pass(gradient, to: 1, &found) }
      let training = TrainedNormalization(
        layer, parameters: step.parameters.map { parameters[$0] }, moments: moments[index],
        group: group)
      let input = step.readsInputs ? value(step.inputs[0]) : nil
      let result = training.gradients(
        &gradient, input: input, parallelism: parallelism)
      gradients.add(result.parameters, step.parameters, graph.isLearned, parallelism)
      pass(result.input, to: 0, &found)
    case .dropout(let layer):
      pass(drop(gradient, layer, index), to: 0, &found)
    case .layer(let layer):
      // What is not kept is not read.
      let inputs = step.inputs.map { source -> Tensor in
        if case .node(let node) = source, values[node] == nil { return gradient }
        return value(source)
      }
      let own = step.parameters.map { parameters[$0] }
      let result =
        if let layer = layer as? any RecordedLayer, let record = records[index] {
          layer.backward(gradient, parameters: own, record: record, parallelism: parallelism)
        } else {
          try layer.backward(
            gradient, inputs: inputs, output: values[index] ?? gradient, parameters: own,
            parallelism: parallelism)
        }
      gradients.add(result.parameters, step.parameters, graph.isLearned, parallelism)
      for (input, slope) in result.inputs.enumerated() {
        if let slope { pass(slope, to: input, &found) }
      }
    }
  }

  private func sweep(
    _ layer: Convolution, _ step: TrainingStep, _ gradient: Tensor, _ found: inout [Tensor?],
    _ gradients: inout ParameterGradients
  ) throws {
    let convolution = ConvolutionGradients(layer: layer)
    let input = step.inputs[0]
    if step.learns {
      gradients.add(
        convolution.ofParameters(gradient, input: value(input), parallelism: parallelism),
        step.parameters, graph.isLearned, parallelism)
    }
    guard step.passesOn, let place = place(of: input) else { return }
    // The sum so far is where the convolution's sums begin.
    var sum: Tensor?
    if var held = found[place] {
      found[place] = nil
      if !held.isUnique() { held = held.copied() }
      sum = held
    }
    found[place] = convolution.ofInput(
      gradient, weight: parameters[step.parameters[0]], shape: input.shape(in: shapes, image.shape),
      addingTo: sum,
      parallelism: parallelism)
  }

  /// Adds a gradient to those that a step has got so far, in place where nothing else holds them.
  private static func add(_ gradient: Tensor, to sum: inout Tensor?, _ parallelism: Parallelism) {
    guard var old = sum else {
      sum = gradient
      return
    }
    sum = nil
    if !old.isUnique() { old = old.copied() }
    old.add(gradient, parallelism: parallelism)
    sum = old
  }
}
