/// Cuts a network into segments so that a pass needs little memory.
///
/// Chen et al. (2016), arXiv:1604.06174, algorithm 3, tries budgets for what a segment may hold
/// while it is swept. Here the cuts of each budget are those that keep the fewest values for the
/// backward pass, whatever skips over them, rather than the first that come; of all budgets the one
/// whose pass has the lowest peak is taken.
struct SegmentChoice {
  private let graph: TrainingGraph
  private let sizes: [Int]
  /// Values that the segment from one step to before another leaves to later segments, by the two.
  private var kept: [[Int]]
  /// Values that are held beside those while the segment is swept, by the two.
  private var swept: [[Int]]

  /// What one budget is of the budget before it.
  private static let budgetRatio = 0.9
  /// Budgets that are tried; the last is 0.2 % of what is held without cuts.
  private static let budgetCount = 60

  /// - Parameters:
  ///   - graph: what is computed.
  ///   - sizes: values of each step's output.
  /// - Complexity: O(steps²).
  init(_ graph: TrainingGraph, sizes: [Int]) {
    self.graph = graph
    self.sizes = sizes
    let count = sizes.count
    var readLast = [[Int]](repeating: [], count: count)
    for (step, reader) in graph.lastReaders.enumerated() where reader < count {
      readLast[reader].append(step)
    }
    let row = [Int](repeating: 0, count: count + 1)
    kept = [[Int]](repeating: row, count: count)
    swept = kept
    for begin in 0..<count {
      var (open, own) = (0, 0)
      for step in begin..<count {
        open += sizes[step]
        for done in readLast[step] where done >= begin {
          open -= sizes[done]
          if graph.isReadLater[done] { own += sizes[done] }
        }
        kept[begin][step + 1] = open
        swept[begin][step + 1] = own
      }
    }
  }

  /// The plan with the lowest peak of those tried, among them the one without cuts.
  ///
  /// - Complexity: O(steps²) for each budget.
  func plan() -> ActivationPlan {
    var best = ActivationPlan(graph)
    guard let row = swept.first, let whole = row.last else { return best }
    var lowest = best.peak(of: graph, sizes: sizes)
    var budget = Double(whole)
    for _ in 0..<Self.budgetCount {
      budget *= Self.budgetRatio
      let plan = ActivationPlan(graph, cuts: cuts(budget: Int(budget)))
      let peak = plan.peak(of: graph, sizes: sizes)
      if peak < lowest { (best, lowest) = (plan, peak) }
    }
    return best
  }

  /// The cuts that keep the fewest values where no segment holds more than `budget` beside them:
  /// the shortest way from the first step to behind the last. A step alone may be over the budget.
  private func cuts(budget: Int) -> [Int] {
    let count = sizes.count
    var least = [Int](repeating: .max, count: count + 1)
    var begins = [Int](repeating: 0, count: count + 1)
    least[0] = 0
    for begin in 0..<count {
      for end in (begin + 1)...count where end == begin + 1 || swept[begin][end] <= budget {
        let sum = least[begin] + kept[begin][end]
        if sum < least[end] { (least[end], begins[end]) = (sum, begin) }
      }
    }
    var cuts: [Int] = []
    var place = begins[count]
    while place > 0 {
      cuts.append(place)
      place = begins[place]
    }
    return cuts.reversed()
  }
}
