import LatticeSupport

/// Trains a network: a loss, its gradients, a step; with everything that the next step depends on.
///
/// Equal parameters, options and batches give equal parameters, bit for bit, whatever the threads.
/// A class, since parameters change in their memory.
public final class Trainer {
  /// What is trained.
  public let network: Network
  /// How it is trained.
  public let options: TrainerOptions
  /// Steps done so far.
  public private(set) var stepsDone = 0

  private let graph: TrainingGraph
  private let resize: ScoreResize
  private let group: (any TrainingGroup)?
  private let parallelism: Parallelism
  private var values: [ParameterValues]
  private var optimizer: Optimizer
  /// For each shape of a batch, what is kept of a pass.
  private var plans: [TensorShape: ActivationPlan] = [:]

  /// - Parameters:
  ///   - network: whose first output is the scores; others are auxiliary heads.
  ///   - parameters: the values to begin with.
  ///   - resize: how the scores come to the image's size.
  ///   - options: how it is trained.
  ///   - group: the processes that train together; `nil` where there is one. All of them begin with
  ///     the same parameters, and each is given its share of every batch.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where a parameter is missing or has another shape than the network's,
  ///   or where the loss is taken at pixels and the scores come there by more than an
  ///   interpolation.
  public init(
    _ network: Network, parameters: any ParameterSource, resize: ScoreResize,
    options: TrainerOptions, group: (any TrainingGroup)? = nil,
    parallelism: Parallelism = .automatic
  ) throws {
    try options.loss.check(resize)
    self.network = network
    self.options = options
    self.resize = resize
    self.group = group
    self.parallelism = parallelism
    graph = TrainingGraph(
      network, normalization: options.normalization,
      recomputesActivations: options.recomputesActivations,
      learnsRefinementAlone: options.learnsRefinementAlone)
    values = try network.parameters.map { parameter in
      let values = try parameters.values(of: parameter.name)
      try values.check(parameter.name, isShaped: parameter.specification.shape)
      return values.copied()
    }
    // Each step asks for the same memory, which the system takes long to clear.
    keepLargeBlocks()
    optimizer = Optimizer(options.optimizer, network: network, isLearned: graph.isLearned)
  }

  /// What a step has found.
  public struct Report: Sendable {
    /// The loss before the step, the mean over its batches.
    public let loss: Double
    /// The losses that it is the sum of: of each scale, of the fused scores, of auxiliary heads.
    public let parts: [Double]
    /// The learning rate.
    public let rate: Double
  }

  /// The learning rate of the next step.
  public var rate: Double { options.schedule.rate(at: stepsDone, of: options.steps) }

  /// Refuses batches that the network cannot be trained on, before there are any.
  ///
  /// - Parameters:
  ///   - batch: images of a batch.
  ///   - height: rows of the images.
  ///   - width: columns of the images.
  /// - Throws: `InputError` naming the layer that cannot take them: also a batch normalisation that
  ///   would see one value of each channel in a batch, where it is not frozen.
  public func check(batch: Int, height: Int, width: Int) throws {
    let image = TensorShape(
      batch: batch, height: height, width: width, channels: network.inputChannels)
    for scale in options.scales {
      let scaled = try image.scaled(by: scale, resize: resize)
      try graph.checkStatistics(graph.shapes(for: scaled), of: scaled)
    }
  }

  /// One step, from as many batches as are accumulated; processes that train together take it
  /// together.
  ///
  /// - Returns: the loss. Where it is not finite, no parameter has changed and the step is not
  ///   counted.
  /// - Throws: `InputError` where a batch does not fit the network, has too few values for a batch
  ///   normalisation, or a label is not a class; no parameter has changed then.
  public func step(_ batches: [TrainingBatch]) throws -> Report {
    precondition(
      batches.count == options.accumulation,
      "\(batches.count) batches for a step of \(options.accumulation)")
    let (gradients, parts, moments) = try sweep(batches)
    let loss = parts.reduce(0, +)
    let report = Report(loss: loss, parts: parts, rate: rate)
    guard loss.isFinite else { return report }
    for found in moments {
      found.moments.update(
        values[found.mean], values[found.mean + 1], share: options.normalizationShare)
    }
    optimizer.apply(
      to: values, gradients, rate: report.rate, step: stepsDone, parallelism: parallelism)
    stepsDone += 1
    return report
  }

  /// How the loss of the batches changes with the parameters, which stay as they are.
  ///
  /// - Throws: `InputError` where a batch does not fit the network or a label is not a class.
  public func gradients(_ batches: [TrainingBatch]) throws -> [String: ParameterValues] {
    let named = zip(network.parameters, try sweep(batches).gradients.values).compactMap {
      parameter, values in
      values.map { (parameter.name, $0) }
    }
    return Dictionary(uniqueKeysWithValues: named)
  }

  /// The gradients of all batches, the sums of the parts of their losses, and their statistics.
  private func sweep(_ batches: [TrainingBatch]) throws -> (
    gradients: ParameterGradients, parts: [Double], moments: [(mean: Int, moments: BatchMoments)]
  ) {
    var gradients = ParameterGradients(count: values.count)
    var parts: [Double] = []
    var moments: [(mean: Int, moments: BatchMoments)] = []
    for (index, batch) in batches.enumerated() {
      let found = try add(batch, number: index, to: &gradients, &moments)
      parts = parts.isEmpty ? found : zip(parts, found).map { $0 + $1 }
    }
    group?.sum(gradients)
    return (gradients, group.sums(of: parts), moments)
  }

  /// Adds a batch's gradients; returns the parts of its loss.
  private func add(
    _ batch: TrainingBatch, number: Int, to gradients: inout ParameterGradients,
    _ moments: inout [(mean: Int, moments: BatchMoments)]
  ) throws -> [Double] {
    let labels = LabelBatch(
      height: batch.images.shape.height, width: batch.images.shape.width, labels: batch.labels)
    var draws = SeededGenerator(
      seed: options.seed &+ UInt64(stepsDone * options.accumulation + number))
    var passes: [TrainingPass] = []
    for scale in options.scales {
      let image = try batch.images.scaled(by: scale, resize: resize, parallelism: parallelism)
      let pass = try TrainingPass(
        graph, image: image, parameters: values, dropoutSeed: draws.next(),
        group: group, firstImage: batch.firstImage, plan: plans[image.shape],
        parallelism: parallelism)
      plans[image.shape] = pass.plan
      passes.append(pass)
    }
    moments += passes.flatMap(\.statistics)
    let objective = TrainingObjective(
      options: options, resize: resize, labels: labels, group: group, parallelism: parallelism)
    let (parts, slopes) = try objective.evaluate(passes.map(\.outputs))
    while let pass = passes.popLast() {
      try pass.backward(from: slopes[passes.count], addingTo: &gradients)
    }
    return parts
  }

  /// Replaces what the training has come to: the state of another trainer of the same options.
  ///
  /// - Parameters:
  ///   - stepsDone: steps done so far.
  ///   - tensor: the values of each of `state`'s tensors by name.
  /// - Throws: what `tensor` throws, and `InputError` where its values have another shape than the
  ///   network's or `stepsDone` is negative; the trainer is as it was then.
  public func restore(
    stepsDone: Int, _ tensor: (String) throws -> ParameterValues
  ) throws {
    guard stepsDone >= 0 else { throw InputError(.data, "\(stepsDone) steps are said to be done") }
    // Steps write to this memory, which must be shared with nothing.
    func copy(_ name: String, _ specification: ParameterSpecification) throws -> ParameterValues {
      let saved = try tensor(name)
      try saved.check(name, isShaped: specification.shape)
      return saved.copied()
    }
    let parameters = network.parameters
    let values = try parameters.map { try copy($0.name, $0.specification) }
    let memories = try zip(parameters, optimizer.memories).map { parameter, memories in
      try memories.indices.map { memory in
        try copy(Self.memoryName(memory, parameter.name), parameter.specification)
      }
    }
    self.values = values
    optimizer.restore(memories)
    self.stepsDone = stepsDone
  }

  /// Everything that the next step depends on beside `stepsDone`: parameters under their names, and
  /// what the optimiser remembers. Not copies: the next step changes them.
  package var state: [(name: String, values: ParameterValues)] {
    zip(parameters, optimizer.memories).flatMap { parameter, memories in
      [parameter]
        + memories.enumerated().map {
          (Self.memoryName($0.offset, parameter.name), $0.element)
        }
    }
  }

  /// The parameters under their names. Not copies: the next step changes them.
  package var parameters: [(name: String, values: ParameterValues)] {
    zip(network.parameters, values).map { ($0.name, $1) }
  }

  private static func memoryName(_ memory: Int, _ parameter: String) -> String {
    "optimizer.\(memory).\(parameter)"
  }
}

extension Trainer {
  /// A copy of the parameters as they are now.
  public func snapshot() -> [(name: String, values: ParameterValues)] {
    parameters.map { ($0.name, $0.values.copied()) }
  }
}
