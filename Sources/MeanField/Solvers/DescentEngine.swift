import CKernels
import LatticeSupport

/// Updates of a `Solver`: one pass for each stage, and g(Q) kept from one update to the next
/// where it is known.
///
/// Marginals, g and energies stay in float32; what is summed over points is summed in double,
/// chunk by chunk in a fixed order.
package struct DescentEngine: MeanFieldEngine {
  private let solver: Solver
  private let messages: PairwiseMessages
  private let labelCount: Int
  private var gradient: EnergyGradient
  /// g at the marginals, where it is current.
  private var slopes: ChannelField
  private var isCurrent = false
  /// κ; empty where the solver does not need it.
  private let curvature: AlignedBuffer<Float>
  /// s of each point; empty where all have the same.
  private let steps: AlignedBuffer<Float>
  /// −log Q up to a constant of the point, or where a line leads; `nil` until it is needed.
  private var other: ChannelField?
  /// g there; `nil` until it is needed.
  private var otherSlopes: ChannelField?
  private var updates = 0
  private var lastStep: Float?
  private var retries = 0
  private var known: UpdateRecord?

  /// ∞ where filters skip pairs: what that changes is not followed.
  package let errorBound: Float

  package init(_ crf: DenseCRF, _ solver: Solver) {
    self.init(crf, solver, curvature: solver.needsCurvature ? Curvature(crf) : nil)
  }

  init(_ crf: DenseCRF, _ solver: Solver, curvature: Curvature?) {
    self.solver = solver
    messages = crf.messages
    labelCount = crf.labelCount
    gradient = EnergyGradient(crf, solver.symmetry)
    errorBound = crf.omissions.isEmpty ? 0 : .infinity
    let unary = crf.unary.values
    slopes = ChannelField(points: unary.points, channels: unary.channels)
    let kappa = curvature?.values ?? []
    self.curvature = AlignedBuffer(copying: kappa)
    steps = AlignedBuffer(copying: kappa.map { min(1, 4 / (2 + $0)) })
  }

  package mutating func start(_ energies: ChannelField, into marginals: inout ChannelField) {
    messages.softmax(of: energies, into: &marginals)
    begin()
    if solver.carriesLogarithms {
      var values = ChannelField(points: energies.points, channels: energies.channels)
      copy(energies, into: &values)
      other = values
    }
  }

  /// Begins from given marginals.
  package mutating func start(at marginals: ChannelField) {
    begin()
    if solver.carriesLogarithms { findLogarithms(of: marginals) }
  }

  private mutating func begin() {
    isCurrent = false
    known = nil
    updates = 0
    lastStep = nil
  }

  package mutating func step(
    _ energies: ChannelField, into marginals: inout ChannelField, _ request: UpdateRequest
  ) -> Float {
    findSlopes(energies, at: marginals)
    retries = 0
    let change: Float
    switch solver {
    case .parallel:
      lastStep = nil
      change = messages.softmax(of: slopes, into: &marginals)
    case .safe: change = damp(&marginals, by: 1)
    case .damped(.constant(let step)): change = damp(&marginals, by: step)
    case .damped(.harmonic(let first)):
      change = damp(&marginals, by: first / (1 + Float(updates) * first))
    case .convergent: return concaveConvex(energies, &marginals)
    case .frankWolfe(.entropy, let step):
      var aim = takeOther(like: marginals)
      messages.softmax(of: slopes, into: &aim)
      return follow(energies, &marginals, to: aim, step)
    case .frankWolfe(.euclidean(let rho), let step):
      var aim = takeOther(like: marginals)
      _ = project(marginals, scale: rho, into: &aim)
      return follow(energies, &marginals, to: aim, step)
    case .concave:
      lastStep = nil
      change = projectOnto(&marginals)
    }
    finishUpdate()
    return change
  }

  private mutating func finishUpdate(isCurrent: Bool = false) {
    updates += 1
    known = nil
    self.isCurrent = isCurrent
  }

  package mutating func evaluate(
    _ energies: ChannelField, _ marginals: ChannelField
  ) -> UpdateRecord? {
    if let known { return known }
    findSlopes(energies, at: marginals)
    let hasGap = !solver.hasZeros
    let sums = messages.sums(5, points: slopes.points) { [slopes] points, sums in
      let first = points.lowerBound * slopes.stride
      ck_objective_sums(
        energies.base + first, slopes.base + first, marginals.base + first, points.count,
        slopes.stride, hasGap ? 1 : 0, sums)
    }
    let relaxed = 0.5 * (sums[0] + sums[1])
    let watched: Double
    switch solver {
    case .frankWolfe(.euclidean(let rho), _): watched = relaxed + 0.5 * Double(rho) * sums[3]
    case .concave: watched = relaxed
    default: watched = relaxed + sums[2]
    }
    let record = UpdateRecord(
      freeEnergy: relaxed + sums[2], relaxedEnergy: relaxed, gap: hasGap ? sums[4] : nil,
      watchedEnergy: watched, step: lastStep, retries: retries)
    known = record
    return record
  }
}

extension DescentEngine {
  private mutating func findSlopes(_ energies: ChannelField, at marginals: ChannelField) {
    guard !isCurrent else { return }
    gradient.find(energies, at: marginals, into: &slopes)
    isCurrent = true
  }

  private func copy(_ values: ChannelField, into target: inout ChannelField) {
    let (base, stride) = (target.mutableBase(), target.stride)
    messages.parallelism.forEachChunk(of: values.points, grain: PairwiseMessages.grain) {
      let first = $0.lowerBound * stride
      (base + first).update(from: values.base + first, count: $0.count * stride)
    }
  }

  private mutating func takeOther(like marginals: ChannelField) -> ChannelField {
    defer { other = nil }
    return other ?? ChannelField(points: marginals.points, channels: marginals.channels)
  }

  private mutating func findLogarithms(of marginals: ChannelField) {
    var values = takeOther(like: marginals)
    let (base, stride, labelCount) = (values.mutableBase(), values.stride, labelCount)
    messages.parallelism.forEachChunk(of: values.points, grain: PairwiseMessages.grain) {
      let first = $0.lowerBound * stride
      ck_negative_logarithms(
        marginals.base + first, $0.count, stride, labelCount, base + first)
    }
    other = values
  }

  /// The largest of what `body` returns for chunks of points.
  private func largest(
    of points: Int, _ body: (_ points: Range<Int>, _ scratch: UnsafeMutablePointer<Float>) -> Float
  ) -> Float {
    let grain = PairwiseMessages.grain
    let found = AlignedBuffer<Float>(repeating: 0, count: (points + grain - 1) / grain)
    messages.parallelism.forEachChunk(of: points, grain: grain) { points in
      let scratch = AlignedBuffer<Float>(uninitialized: 3 * slopes.stride)
      found.base[points.lowerBound / grain] = body(points, scratch.base)
    }
    return (0..<found.count).reduce(0) { max($0, found[$1]) }
  }

  // MARK: Damping

  /// log Q ← (1 − s) log Q − s·g, with s of the points times `step`.
  private mutating func damp(_ marginals: inout ChannelField, by step: Float) -> Float {
    guard var values = other else { preconditionFailure("no logarithms were kept") }
    other = nil
    let (base, stride) = (values.mutableBase(), values.stride)
    messages.parallelism.forEachChunk(of: values.points, grain: PairwiseMessages.grain) {
      [slopes, steps] points in
      let first = points.lowerBound * stride
      ck_damp_rows(
        base + first, slopes.base + first,
        steps.count == 0 ? nil : steps.base + points.lowerBound, step, points.count, stride)
    }
    lastStep = step * ((0..<steps.count).map { steps[$0] }.max() ?? 1)
    let change = messages.softmax(of: values, into: &marginals)
    other = values
    return change
  }

  // MARK: The concave–convex procedure

  private mutating func concaveConvex(
    _ energies: ChannelField, _ marginals: inout ChannelField
  ) -> Float {
    let before = evaluate(energies, marginals)
    var kept = takeOther(like: marginals)
    copy(marginals, into: &kept)
    let (base, stride) = (marginals.mutableBase(), marginals.stride)
    let (labelCount, curvature, slopes) = (labelCount, curvature, slopes)
    var change = largest(of: marginals.points) { points, scratch in
      let first = points.lowerBound * stride
      return ck_concave_convex_rows(
        slopes.base + first, curvature.base + points.lowerBound, base + first, points.count,
        stride, labelCount, scratch)
    }
    lastStep = nil
    finishUpdate()
    guard let before else { return change }
    var after = evaluate(energies, marginals)
    while let found = after, retries < Self.mostRetries,
      found.freeEnergy > before.freeEnergy + Self.rise * abs(before.freeEnergy)
    {
      retries += 1
      copy(kept, into: &marginals)
      isCurrent = false
      findSlopes(energies, at: marginals)
      findLogarithms(of: marginals)
      change = damp(&marginals, by: Float(sign: .plus, exponent: -retries, significand: 1))
      finishUpdate()
      updates -= 1
      after = evaluate(energies, marginals)
    }
    if other == nil { other = kept }
    return change
  }

  /// The share of |F| by which rounding and filters that are nearly symmetric may raise it.
  private static let rise = 1e-4
  /// Halvings of a step; the last is a thousandth.
  private static let mostRetries = 10

  // MARK: Lines

  private mutating func follow(
    _ energies: ChannelField, _ marginals: inout ChannelField, to aim: ChannelField,
    _ step: Solver.LineStep
  ) -> Float {
    var aimSlopes =
      otherSlopes ?? ChannelField(points: aim.points, channels: aim.channels)
    otherSlopes = nil
    gradient.find(energies, at: aim, into: &aimSlopes)
    let alpha: Float
    switch (step, solver) {
    case (.fixed(let share), _): alpha = share
    case (.exact, .frankWolfe(.euclidean(let rho), _)):
      let sums = lineSums(marginals, aim, aimSlopes)
      let slope = sums[0] + Double(rho) * sums[3]
      let bend = sums[1] + Double(rho) * sums[2]
      alpha = bend <= 0 ? 1 : Float(min(1, max(0, -slope / bend)))
    case (.exact, _): alpha = leastAlong(marginals, aim, aimSlopes)
    }
    let change = blend(&marginals, aim, alpha)
    _ = blend(&slopes, aimSlopes, alpha)
    lastStep = alpha
    other = aim
    otherSlopes = aimSlopes
    finishUpdate(isCurrent: true)
    return change
  }

  private func lineSums(
    _ marginals: ChannelField, _ aim: ChannelField, _ aimSlopes: ChannelField
  ) -> [Double] {
    messages.sums(4, points: slopes.points) { [slopes] points, sums in
      let first = points.lowerBound * slopes.stride
      ck_line_sums(
        marginals.base + first, aim.base + first, slopes.base + first, aimSlopes.base + first,
        points.count, slopes.stride, sums)
    }
  }

  /// The α at which F is least on the way to `aim`: the zero of its slope, which changes sign at
  /// most once, or 1.
  private func leastAlong(
    _ marginals: ChannelField, _ aim: ChannelField, _ aimSlopes: ChannelField
  ) -> Float {
    func slope(_ alpha: Float) -> (value: Double, bend: Double) {
      let sums = messages.sums(2, points: slopes.points) { [slopes] points, sums in
        let first = points.lowerBound * slopes.stride
        ck_line_slope(
          marginals.base + first, aim.base + first, slopes.base + first, aimSlopes.base + first,
          alpha, points.count, slopes.stride, sums)
      }
      return (sums[0], sums[1])
    }
    let end = slope(1)
    if end.value <= 0 { return 1 }
    let start = slope(0)
    // Nothing is left to gain but rounding.
    guard start.value < 0 else { return 0 }
    var (low, high): (Float, Float) = (0, 1)
    var alpha = Float(start.value / (start.value - end.value))
    for _ in 0..<Self.mostSlopes where high - low > Self.lineTolerance {
      let found = slope(alpha)
      if found.value > 0 { high = alpha } else { low = alpha }
      var next = alpha - Float(found.value / found.bend)
      if !(next > low && next < high) { next = 0.5 * (low + high) }
      let moved = abs(next - alpha)
      alpha = next
      if moved < Self.lineTolerance { break }
    }
    return alpha
  }

  /// How closely α is found: further than float32 can tell.
  private static let lineTolerance: Float = 1e-6
  private static let mostSlopes = 40

  private func blend(_ values: inout ChannelField, _ target: ChannelField, _ alpha: Float) -> Float
  {
    let (base, stride) = (values.mutableBase(), values.stride)
    return largest(of: values.points) { points, _ in
      let first = points.lowerBound * stride
      return ck_blend(base + first, target.base + first, alpha, points.count * stride)
    }
  }

  // MARK: Projections

  private func project(
    _ marginals: ChannelField, scale: Float, into aim: inout ChannelField
  ) -> Float {
    let (base, stride) = (aim.mutableBase(), aim.stride)
    return largest(of: marginals.points) { points, scratch in
      let first = points.lowerBound * stride
      return ck_project_rows(
        slopes.base + first, nil, scale, marginals.base + first, base + first, points.count,
        stride, labelCount, scratch)
    }
  }

  private func projectOnto(_ marginals: inout ChannelField) -> Float {
    let (base, stride) = (marginals.mutableBase(), marginals.stride)
    return largest(of: marginals.points) { points, scratch in
      let first = points.lowerBound * stride
      return ck_project_rows(
        slopes.base + first, curvature.base + points.lowerBound, 1, base + first, base + first,
        points.count, stride, labelCount, scratch)
    }
  }
}

extension Solver {
  var needsCurvature: Bool {
    switch self {
    case .safe, .convergent, .concave: true
    case .parallel, .damped, .frankWolfe: false
    }
  }

  /// Whether −log Q is carried from one update to the next.
  fileprivate var carriesLogarithms: Bool {
    switch self {
    case .safe, .damped: true
    case .parallel, .convergent, .frankWolfe, .concave: false
    }
  }
}

extension PairwiseMessages {
  /// `count` sums over all points, chunk by chunk in order.
  fileprivate func sums(
    _ count: Int, points: Int,
    _ body: (_ points: Range<Int>, _ sums: UnsafeMutablePointer<Double>) -> Void
  ) -> [Double] {
    let chunks = (points + Self.grain - 1) / Self.grain
    let parts = AlignedBuffer<Double>(repeating: 0, count: count * chunks)
    parallelism.forEachChunk(of: points, grain: Self.grain) { points in
      body(points, parts.base + count * (points.lowerBound / Self.grain))
    }
    return (0..<count).map { part in
      (0..<chunks).reduce(0) { $0 + parts[count * $1 + part] }
    }
  }
}

extension DenseCRF {
  /// The engine of a solver.
  ///
  /// - Parameter evaluates: whether energies are asked for after updates. Where they are not, a
  ///   solver that comes to parallel updates here is left to the fastest engine for them.
  func makeEngine(_ solver: Solver, evaluates: Bool) -> any MeanFieldEngine {
    guard !evaluates else { return DescentEngine(self, solver) }
    let curvature = solver.needsCurvature ? Curvature(self) : nil
    let isSymmetric = terms.allSatisfy(\.isSymmetricButForFilter)
    let isParallel =
      switch solver {
      case .parallel, .damped(.constant(1)): true
      case .safe: isSymmetric && (curvature?.largest ?? 0) <= 2
      case .convergent:
        isSymmetric && terms.allSatisfy(\.kernel.filter.isSymmetric)
          && (curvature?.largest ?? 0) == 0
      default: false
      }
    return isParallel ? makeEngine() : DescentEngine(self, solver, curvature: curvature)
  }
}
