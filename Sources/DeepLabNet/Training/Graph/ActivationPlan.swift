/// What a pass keeps of its activations, and what it computes again.
///
/// Steps are cut into segments. The forward pass keeps the outputs that later segments read; the
/// backward pass computes what else a segment's sweep reads from them, just before it: Chen et al.
/// (2016), "Training Deep Nets with Sublinear Memory Cost", arXiv:1604.06174, §4. The last segment
/// is swept at once and keeps everything; where it is the only one, nothing is computed twice.
package struct ActivationPlan: Sendable {
  /// Steps to compute, in this order, and after each the steps whose outputs are freed.
  struct Run: Sendable {
    let steps: [Int]
    let finished: [[Int]]
  }

  /// Steps that are swept together.
  struct Segment: Sendable {
    let steps: Range<Int>
    /// What has to be computed again before the sweep.
    let recomputation: Run
  }

  let forward: Run
  let segments: [Segment]

  /// - Parameters:
  ///   - graph: what is computed.
  ///   - cuts: the first steps of all segments but the first, ascending.
  init(_ graph: TrainingGraph, cuts: [Int] = []) {
    let ranges = zip([0] + cuts, cuts + [graph.steps.count]).map { $0..<$1 }
    var isKept = graph.isReadLater
    for range in ranges.dropLast() {
      for step in range { isKept[step] = graph.lastReaders[step] >= range.upperBound }
    }
    forward = Run(Array(graph.steps.indices), of: graph, keeping: isKept)
    segments = ranges.map { range in
      Segment(
        steps: range,
        recomputation: Run(
          Self.missing(in: range, of: graph, isKept), of: graph, keeping: graph.isReadLater))
    }
  }

  /// The steps that give what a segment's sweep reads and the forward pass has not kept, with those
  /// that they depend on.
  private static func missing(
    in range: Range<Int>, of graph: TrainingGraph, _ isKept: [Bool]
  ) -> [Int] {
    var isMissing = Set(range.filter { graph.isReadLater[$0] && !isKept[$0] })
    for step in range.reversed() where isMissing.contains(step) {
      for case .node(let input) in graph.steps[step].inputs
      where range.contains(input) && !isKept[input] {
        isMissing.insert(input)
      }
    }
    return isMissing.sorted()
  }
}

extension ActivationPlan.Run {
  /// Frees the output of each step behind its last reader in the run, unless it is kept.
  init(_ steps: [Int], of graph: TrainingGraph, keeping isKept: [Bool]) {
    // For each step of the run, the place in it where its output is read last.
    var last: [Int: Int] = [:]
    for (place, step) in steps.enumerated() {
      last[step] = place
      for case .node(let input) in graph.steps[step].inputs where last[input] != nil {
        last[input] = place
      }
    }
    var finished = [[Int]](repeating: [], count: steps.count)
    for step in steps where !isKept[step] {
      if let place = last[step] { finished[place].append(step) }
    }
    self.steps = steps
    self.finished = finished
  }
}
