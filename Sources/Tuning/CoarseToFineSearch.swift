/// The papers' coarse-to-fine search: every setting of a coarse grid, then smaller grids around the
/// best.
///
/// Chen et al., ICLR 2015, arXiv:1412.7062, §4.1, and TPAMI 2018, arXiv:1606.00915, §4.1, which
/// search w₁, σα and σβ and keep w₂ = σγ = 3. They do not say how they refine; here every
/// refinement tries, for each searched parameter, half a gap below and above the best so far (half
/// the best where that falls below 0), and halves the gaps.
public struct CoarseToFineSearch: Sendable {
  /// What is searched, with the coarse grid.
  public let space: SearchSpace
  /// Numbers of iterations; not refined.
  public let iterations: [Int]
  /// Rounds after the first.
  public let refinements: Int

  /// - Parameters:
  ///   - space: what is searched, with the coarse grid.
  ///   - iterations: at least one, each at least 1.
  ///   - refinements: rounds after the first, at least 0.
  public init(_ space: SearchSpace, iterations: [Int], refinements: Int) {
    precondition(!iterations.isEmpty)
    self.space = space
    self.iterations = Set(iterations).sorted()
    self.refinements = refinements
  }

  /// One grid and what came of it.
  public struct Round: Sendable {
    /// The settings, in the order in which they are tried.
    public let settings: [TunedSetting]
    /// One for each setting; more is better.
    public let objectives: [Double]
  }

  /// What a search came to.
  public struct Result: Sendable {
    /// The coarse grid, and then one for each refinement.
    public let rounds: [Round]
    /// Every setting once with its objective, best first; earlier ones first among equals.
    public let ranking: [(setting: TunedSetting, objective: Double)]
    /// Parameters whose best value lies at or beyond an end of the coarse range.
    public let parametersAtEnds: [TunedParameter]

    /// The best setting, and its objective.
    public var best: (setting: TunedSetting, objective: Double) { ranking[0] }
  }

  /// How many settings the first round has; at most `Int.max`.
  public var coarseCount: Int {
    space.ranges.reduce(iterations.count) { count, range in
      let (product, overflow) = count.multipliedReportingOverflow(by: range.values.count)
      return overflow ? Int.max : product
    }
  }

  /// Searches.
  ///
  /// - Parameter evaluate: the objectives of some settings; a round may repeat settings of the
  ///   rounds before.
  public func run(_ evaluate: ([TunedSetting]) throws -> [Double]) rethrows -> Result {
    var rounds: [Round] = []
    let ranges = space.ranges
    var grid = ranges.map(\.values)
    var gaps: [(below: Float, above: Float)] = []
    for round in 0...refinements {
      let settings = settings(grid)
      rounds.append(Round(settings: settings, objectives: try evaluate(settings)))
      guard round < refinements else { break }
      // Every value of a grid is a number.
      let best = Self.ranking(rounds)[0].setting.values.map { $0 ?? 0 }
      gaps = best.indices.map { place in
        round == 0
          ? ranges[place].gaps(at: best[place]) : (gaps[place].below / 2, gaps[place].above / 2)
      }
      grid = best.indices.map { Self.around(best[$0], gaps[$0], of: space.parameters[$0]) }
    }
    let ranking = Self.ranking(rounds)
    return Result(
      rounds: rounds, ranking: ranking,
      parametersAtEnds: space.parameters.indices.filter { place in
        let (values, best) = (ranges[place].values, ranking[0].setting.values[place] ?? 0)
        return values.count > 1 && space.parameters[place].isContinuous
          && (best <= values[0] || best >= values[values.count - 1])
      }.map { space.parameters[$0] })
  }

  private static func around(
    _ value: Float, _ gaps: (below: Float, above: Float), of parameter: TunedParameter
  ) -> [Float] {
    guard parameter.isContinuous else { return [value] }
    let below = parameter.nearest(value - gaps.below / 2)
    let above = parameter.nearest(value + gaps.above / 2)
    // Bandwidths are above 0, and a negative weight would push neighbours apart.
    let isBelowRight = parameter.allows(below) && (below > 0 || parameter.isSigned)
    let values = [isBelowRight ? below : parameter.nearest(value / 2), value, above].filter {
      $0 == value || parameter.allows($0)
    }
    return Set(values).sorted()
  }

  /// All combinations; those of equal kernels are neighbours, since they share filters.
  private func settings(_ grid: [[Float]]) -> [TunedSetting] {
    let parameters = space.parameters
    let kernels = parameters.indices.filter { !parameters[$0].isWeight }
    let terms = Set(kernels.compactMap { parameters[$0].term }).sorted(by: >)
    let order =
      kernels.filter { parameters[$0].term == nil }
      + terms.flatMap { term in kernels.filter { parameters[$0].term == term } }
      + parameters.indices.filter { parameters[$0].isWeight }
    var settings = [space.unrefined]
    for place in order {
      settings = settings.flatMap { setting in
        grid[place].map { value in
          var setting = setting
          setting.values[place] = value
          return setting
        }
      }
    }
    return settings.flatMap { setting in
      iterations.map { TunedSetting(setting.values, iterations: $0) }
    }
  }

  private static func ranking(_ rounds: [Round]) -> [(setting: TunedSetting, objective: Double)] {
    var seen: Set<TunedSetting> = []
    let all = rounds.flatMap { zip($0.settings, $0.objectives) }
      .filter { seen.insert($0.0).inserted }
    return all.enumerated()
      .sorted { ($1.element.1, $0.offset) < ($0.element.1, $1.offset) }
      .map { (setting: $0.element.0, objective: $0.element.1) }
  }
}
