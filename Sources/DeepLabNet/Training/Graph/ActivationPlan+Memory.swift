extension ActivationPlan {
  /// The most values of activations and of their gradients that are held at once.
  ///
  /// An upper bound: a gradient that takes the memory of the one that it was found from is counted
  /// beside it.
  ///
  /// - Parameters:
  ///   - graph: what is computed.
  ///   - sizes: values of each step's output.
  /// - Complexity: O(steps).
  func peak(of graph: TrainingGraph, sizes: [Int]) -> Int {
    var (held, peak) = (0, 0)
    var isHeld = [Bool](repeating: false, count: sizes.count)
    var hasGradient = isHeld
    func set(_ isThere: inout [Bool], _ step: Int, _ value: Bool) {
      guard isThere[step] != value else { return }
      isThere[step] = value
      held += value ? sizes[step] : -sizes[step]
      peak = max(peak, held)
    }
    func run(_ run: Run) {
      for (step, finished) in zip(run.steps, run.finished) {
        set(&isHeld, step, true)
        for done in finished { set(&isHeld, done, false) }
      }
    }
    run(forward)
    for case .node(let output) in graph.outputs { set(&hasGradient, output, true) }
    for segment in segments.reversed() {
      run(segment.recomputation)
      for step in segment.steps.reversed() {
        for case .node(let input) in graph.steps[step].inputs where graph.steps[input].isSwept {
          set(&hasGradient, input, true)
        }
        set(&hasGradient, step, false)
        set(&isHeld, step, false)
      }
    }
    return peak
  }
}
