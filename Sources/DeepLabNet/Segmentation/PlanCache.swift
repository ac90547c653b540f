import Synchronization

/// Plans for the sizes that came last, lent to one caller at a time.
final class PlanCache: Sendable {
  /// Plans that are kept: one per scale is enough while images have one size.
  private static let limit = 4

  private let network: PreparedNetwork
  private let plans = Mutex<[UncheckedPlan]>([])

  /// A plan is used by one caller at a time, the one that has taken it out of the cache.
  private struct UncheckedPlan: @unchecked Sendable {
    let plan: InferencePlan
  }

  init(_ network: PreparedNetwork) {
    self.network = network
  }

  /// Calls `body` with a plan for images of the given size.
  func withPlan<Result>(
    height: Int, width: Int, _ body: (InferencePlan) throws -> Result
  ) throws -> Result {
    let kept = plans.withLock { plans -> UncheckedPlan? in
      let index = plans.firstIndex {
        $0.plan.inputShape.height == height && $0.plan.inputShape.width == width
      }
      return index.map { plans.remove(at: $0) }
    }
    let plan = try kept ?? UncheckedPlan(plan: network.plan(height: height, width: width))
    defer {
      plans.withLock { plans in
        plans.append(plan)
        if plans.count > Self.limit { plans.removeFirst() }
      }
    }
    return try body(plan.plan)
  }
}
