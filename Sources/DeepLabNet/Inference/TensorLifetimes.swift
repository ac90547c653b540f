/// From which step to which each tensor's values must stand.
///
/// A convolution may write over its residual where that is not read again: such tensors are one.
struct TensorLifetimes {
  /// Sizes and lifetimes of places.
  private(set) var requests: [MemoryPlan.Request] = []
  /// The place of each node's output, for nodes that a step writes.
  private(set) var places: [Int: Int] = [:]

  init(_ fused: FusedNetwork, _ shapes: [TensorShape]) {
    var lastUses: [Int: Int] = [:]
    for (index, step) in fused.steps.enumerated() {
      for case .node(let node) in step.sources { lastUses[node] = index }
    }
    for case .node(let node) in fused.graph.outputs.map(\.source) {
      lastUses[node] = fused.steps.count
    }
    for (index, step) in fused.steps.enumerated() {
      let end = max(index, lastUses[step.output] ?? index)
      if let place = overwritten(by: step, at: index, lastUses) {
        places[step.output] = place
        let request = requests[place]
        requests[place] = .init(
          count: request.count, lifetime: request.lifetime.lowerBound...end)
        continue
      }
      places[step.output] = requests.count
      requests.append(.init(count: shapes[step.output].count, lifetime: index...end))
    }
  }

  /// The place of a residual that the step may write over.
  private func overwritten(by step: FusedStep, at index: Int, _ lastUses: [Int: Int]) -> Int? {
    guard case .node(let residual) = step.fused?.residual, lastUses[residual] == index,
      let place = places[residual], requests[place].lifetime.upperBound == index
    else { return nil }
    let isAlsoInput = step.inputs.contains { source in
      if case .node(let node) = source { places[node] == place } else { false }
    }
    return isAlsoInput ? nil : place
  }
}
