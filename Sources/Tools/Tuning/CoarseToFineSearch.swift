/// The papers' coarse-to-fine search: every setting of a coarse grid, then smaller grids around the
/// best.
///
/// Chen et al., ICLR 2015, arXiv:1412.7062, §4.1, and TPAMI 2018, arXiv:1606.00915, §4.1, which
/// search w₁, σα and σβ and keep w₂ = σγ = 3. They do not say how they refine; here every
/// refinement tries, for each searched parameter, half a gap below and above the best so far (half
/// the best where that falls below 0), and halves the gaps.
package struct CoarseToFineSearch: Sendable {
  /// The coarse grid; parameters of one value are fixed.
  package let ranges: [CRFSetting.Parameter: SearchRange]
  /// Numbers of iterations; not refined.
  package let iterations: [Int]
  /// Rounds after the first.
  package let refinements: Int

  /// - Parameters:
  ///   - ranges: one for each parameter.
  ///   - iterations: at least one, each at least 1.
  package init(
    ranges: [CRFSetting.Parameter: SearchRange], iterations: [Int], refinements: Int
  ) {
    precondition(ranges.count == CRFSetting.Parameter.allCases.count && !iterations.isEmpty)
    self.ranges = ranges
    self.iterations = Set(iterations).sorted()
    self.refinements = refinements
  }

  /// One grid and what came of it.
  package struct Round: Sendable {
    package let settings: [CRFSetting]
    /// One a setting; more is better.
    package let objectives: [Double]
  }

  /// What a search came to.
  package struct Result: Sendable {
    package let rounds: [Round]
    /// Every setting once with its objective, best first; earlier ones first among equals.
    package let ranking: [(setting: CRFSetting, objective: Double)]
    /// Parameters whose best value lies at or beyond an end of the coarse range.
    package let parametersAtEnds: [CRFSetting.Parameter]

    package var best: (setting: CRFSetting, objective: Double) { ranking[0] }
  }

  /// How many settings the first round has; at most `Int.max`.
  package var coarseCount: Int {
    CRFSetting.Parameter.allCases.reduce(iterations.count) { count, parameter in
      let (product, overflow) = count.multipliedReportingOverflow(by: values(parameter).count)
      return overflow ? Int.max : product
    }
  }

  /// Searches.
  ///
  /// - Parameter evaluate: the objectives of some settings; a round may repeat settings of the
  ///   rounds before.
  package func run(_ evaluate: ([CRFSetting]) throws -> [Double]) rethrows -> Result {
    var rounds: [Round] = []
    var grid = CRFSetting.Parameter.allCases.map { values($0) }
    var gaps: [(below: Float, above: Float)] = []
    for round in 0...refinements {
      let settings = Self.settings(grid, iterations)
      rounds.append(Round(settings: settings, objectives: try evaluate(settings)))
      guard round < refinements else { break }
      let best = Self.ranking(rounds)[0].setting
      gaps = CRFSetting.Parameter.allCases.map { parameter in
        if round == 0, let range = ranges[parameter] { return range.gaps(at: best[parameter]) }
        let gap = gaps[parameter.rawValue]
        return (gap.below / 2, gap.above / 2)
      }
      grid = CRFSetting.Parameter.allCases.map { parameter in
        Self.around(best[parameter], gaps[parameter.rawValue])
      }
    }
    let ranking = Self.ranking(rounds)
    return Result(
      rounds: rounds, ranking: ranking,
      parametersAtEnds: CRFSetting.Parameter.allCases.filter { parameter in
        let (values, best) = (values(parameter), ranking[0].setting[parameter])
        return values.count > 1 && (best <= values[0] || best >= values[values.count - 1])
      })
  }

  private func values(_ parameter: CRFSetting.Parameter) -> [Float] {
    ranges[parameter]?.values ?? []
  }

  private static func around(
    _ value: Float, _ gaps: (below: Float, above: Float)
  ) -> [Float] {
    let below = value - gaps.below / 2
    // Bandwidths are above 0, and a negative weight would push neighbours apart.
    let values = [below > 0 ? below : value / 2, value, value + gaps.above / 2]
    return Set(values).sorted()
  }

  /// All combinations; those of equal bandwidths are neighbours, since they share filters.
  private static func settings(_ grid: [[Float]], _ iterations: [Int]) -> [CRFSetting] {
    let order: [CRFSetting.Parameter] = [
      .bilateralSpatial, .bilateralColor, .gaussianSpatial, .gaussianWeight, .bilateralWeight,
    ]
    var settings = [CRFSetting.unrefined]
    for parameter in order {
      settings = settings.flatMap { setting in
        grid[parameter.rawValue].map { value in
          var setting = setting
          setting[parameter] = value
          return setting
        }
      }
    }
    return settings.flatMap { setting in
      iterations.map { count in
        var setting = setting
        setting.iterations = count
        return setting
      }
    }
  }

  private static func ranking(_ rounds: [Round]) -> [(setting: CRFSetting, objective: Double)] {
    var seen: Set<CRFSetting> = []
    let all = rounds.flatMap { zip($0.settings, $0.objectives) }
      .filter { seen.insert($0.0).inserted }
    return all.enumerated()
      .sorted { ($1.element.1, $0.offset) < ($0.element.1, $1.offset) }
      .map { (setting: $0.element.0, objective: $0.element.1) }
  }
}
