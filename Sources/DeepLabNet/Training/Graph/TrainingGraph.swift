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
  /// For each step, the steps whose outputs nothing needs behind it in the forward pass, nor in the
  /// backward.
  let finished: [[Int]]
  /// For each of the network's parameters, whether gradients change it.
  let isLearned: [Bool]

  package init(_ network: Network, normalization: NormalizationMode) {
    isLearned = network.nodes.flatMap { node in
      let isFrozen = node.layer is BatchNormalization && normalization == .frozen
      return node.layer.parameters.map { $0.isLearned && !isFrozen }
    }
    let fusion = StepFusion(network, normalization: normalization)
    outputs = network.outputs.map { output in
      guard case .node(let node) = output.source else { return .image }
      return .node(fusion.places[node])
    }
    steps = Self.withGradientNeeds(fusion.steps, isLearned)
    finished = Self.finished(steps, outputs)
  }

  /// Steps of a pass.
  package var stepCount: Int { steps.count }

  private static func withGradientNeeds(
    _ steps: [TrainingStep], _ isLearned: [Bool]
  ) -> [TrainingStep] {
    var steps = steps
    for index in steps.indices {
      steps[index].learns = steps[index].parameters.contains { isLearned[$0] }
      steps[index].passesOn = steps[index].inputs.contains { input in
        if case .node(let node) = input { steps[node].isSwept } else { false }
      }
    }
    return steps
  }

  private static func finished(
    _ steps: [TrainingStep], _ outputs: [Network.Source]
  ) -> [[Int]] {
    var isKept = steps.map { $0.isSwept && $0.readsOutput }
    var lastUse = Array(steps.indices)
    for (index, step) in steps.enumerated() {
      for case .node(let input) in step.inputs {
        lastUse[input] = index
        if step.isSwept && step.readsInputs { isKept[input] = true }
      }
    }
    for case .node(let output) in outputs { isKept[output] = true }
    var finished = [[Int]](repeating: [], count: steps.count)
    for (index, last) in lastUse.enumerated() where !isKept[index] { finished[last].append(index) }
    return finished
  }
}
