import LatticeSupport
import Synchronization
import Testing

/// Pairs of panels are worked on once each, never two at a panel, and in the same order for a
/// panel.
struct PairScheduleTests {
  @Test("every unordered pair comes once", arguments: [0, 1, 2, 3, 8, 17])
  func allPairs(panels: Int) {
    let pairs = PairSchedule.allPairs(of: panels)
    #expect(pairs.count == panels * (panels + 1) / 2)
    #expect(Set(pairs.map { $0.first * panels + $0.second }).count == pairs.count)
    #expect(pairs.allSatisfy { $0.first <= $0.second && $0.second < panels })
  }

  @Test("a panel's pairs run one at a time, in their order", arguments: [1, 2, 4, 8])
  func order(threads: Int) {
    let panels = 9
    // Some pairs are missing, as where points are far apart.
    let pairs = PairSchedule.allPairs(of: panels).filter { ($0.first * 7 + $0.second) % 3 != 0 }
    let schedule = PairSchedule(pairs, of: panels)
    let log = Mutex((busy: Set<Int>(), visits: [[Int]](repeating: [], count: panels)))
    schedule.run(Parallelism(threads: threads)) { index in
      let touched = Set([pairs[index].first, pairs[index].second])
      log.withLock { log in
        #expect(log.busy.isDisjoint(with: touched))
        log.busy.formUnion(touched)
        for panel in touched { log.visits[panel].append(index) }
      }
      log.withLock { $0.busy.subtract(touched) }
    }
    let visits = log.withLock { $0.visits }
    for panel in 0..<panels {
      let expected = pairs.indices.filter { pairs[$0].first == panel || pairs[$0].second == panel }
      #expect(visits[panel] == expected)
    }
  }
}
