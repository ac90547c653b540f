import LatticeSupport

/// A way to improve scores: energies × scene → marginals. The dense CRF is one.
///
/// A conformer is a value that can be asked from several threads at once. What it gives must not
/// depend on the number of threads.
public protocol Refinement: Sendable {
  /// The description that reports use, with its settings.
  var name: String { get }

  /// How far a point's marginals depend on others: what tiles must overlap by, on either side.
  var reach: Reach { get }

  /// Why there must be an image, to follow "it": `compares positions and colours`; `nil` where none
  /// is needed.
  var needsImage: String? { get }

  /// Whether points that a scene leaves out (`Scene.mask`) have no influence on the others. One
  /// that cannot promise that is refused for such scenes.
  var leavesPointsOut: Bool { get }

  /// The marginals of `scene`.
  ///
  /// - Parameters:
  ///   - energies: N × L energies over the scene's grid; their only owner may overwrite
  ///     them.
  ///   - scene: the points, and the image over them where there is one.
  ///   - request: the threads to use, and what else the caller wants to know.
  /// - Returns: N × L probabilities, and what the refinement says of itself.
  /// - Throws: `InputError` where the scene cannot be refined.
  func refine(
    _ energies: consuming EnergyField, over scene: Scene, _ request: RefinementRequest
  ) throws -> Refined
}

extension Refinement {
  /// Without an image, unless a conformer says otherwise.
  public var needsImage: String? { nil }
  /// Every point has influence, unless a conformer says otherwise.
  public var leavesPointsOut: Bool { false }
}

/// How far, in steps of the grid, what happens at one point depends on others.
public enum Reach: Sendable, Hashable {
  /// Other points do not matter beyond this distance, or hardly.
  case steps(Int)
  /// On all points, however far away.
  case everywhere

  /// That of one step after another.
  public static func + (first: Reach, second: Reach) -> Reach {
    guard case .steps(let one) = first, case .steps(let other) = second else { return .everywhere }
    return .steps(one + other)
  }
}

/// How a refinement is to be done.
public struct RefinementRequest: Sendable {
  /// The threads to use; results do not depend on it.
  public var parallelism: Parallelism
  /// Whether the objective after each update is asked for, where there is one: each may cost as
  /// much as an update.
  public var notesObjective: Bool
  /// Told now and then which share of the work is done, 0…1, from any thread; `nil` where
  /// that is not wanted.
  public var progress: (@Sendable (Double) -> Void)?
  /// Told the marginals at the start and after each update, with how many were made, where a
  /// refinement makes updates; `nil` where that is not wanted. To keep them costs a copy each.
  public var visit: (@Sendable (_ iteration: Int, _ marginals: Marginals) -> Void)?

  /// A request on all processors, with nothing to be known but the marginals.
  public init(
    parallelism: Parallelism = .automatic, notesObjective: Bool = false,
    progress: (@Sendable (Double) -> Void)? = nil
  ) {
    self.parallelism = parallelism
    self.notesObjective = notesObjective
    self.progress = progress
  }
}

/// What a refinement came to.
public struct Refined: Sendable {
  /// N × L probabilities.
  public var marginals: Marginals
  /// What it says of itself.
  public var report: RefinementReport

  /// Marginals with what there is to say of them.
  public init(_ marginals: Marginals, report: RefinementReport = RefinementReport()) {
    self.marginals = marginals
    self.report = report
  }
}

/// What a refinement says of itself: for reports, in the same form for every kind.
public struct RefinementReport: Sendable {
  /// Updates that were made; `nil` where there are none.
  public var iterations: Int?
  /// The largest change of a marginal in the last update; `nil` where it was not measured.
  public var largestChange: Float?
  /// The free energy at the start and after each update; empty unless asked for.
  public var freeEnergy: [Double] = []
  /// Seconds by what they were spent on, in order.
  public var seconds: [(phase: Phase, seconds: Double)] = []
  /// What else there is to know, by name.
  public var details: [JSONValue.Member] = []
  /// The same for people, each a line with a word of at most eight letters in front.
  public var lines: [(topic: String, text: String)] = []

  /// Details of this scene alone, which do not count for a larger one that it is a part of.
  public var sceneDetails: [JSONValue.Member] = []
  /// The same for people.
  public var sceneLines: [(topic: String, text: String)] = []

  /// What time is spent on.
  public enum Phase: String, Sendable {
    /// Filters and whatever else is prepared for a scene.
    case filters
    /// The refinement itself.
    case inference
    /// Objectives that were asked for.
    case energies
  }

  /// A report that says nothing yet.
  public init() {}

  /// What `body` returns; its time is noted.
  package mutating func measure<Result>(
    _ phase: Phase, _ body: () throws -> Result
  ) rethrows -> Result {
    let clock = ContinuousClock()
    let start = clock.now
    defer { note(phase, clock.now - start) }
    return try body()
  }

  /// The same for work that consumes `value`.
  package mutating func measure<Value, Result>(
    _ phase: Phase, consuming value: consuming Value, _ body: (consuming Value) throws -> Result
  ) rethrows -> Result {
    let clock = ContinuousClock()
    let start = clock.now
    defer { note(phase, clock.now - start) }
    return try body(value)
  }

  /// Takes in what the same refinement says of another part of the scene.
  public mutating func add(_ part: RefinementReport) {
    iterations = [iterations, part.iterations].compactMap { $0 }.max()
    largestChange = [largestChange, part.largestChange].compactMap { $0 }.max()
    for (phase, spent) in part.seconds { note(phase, .seconds(spent)) }
    if details.isEmpty { (details, lines) = (part.details, part.lines) }
  }

  private mutating func note(_ phase: Phase, _ duration: Duration) {
    let (whole, attoseconds) = duration.components
    let spent = Double(whole) + Double(attoseconds) * 1e-18
    if let index = seconds.firstIndex(where: { $0.phase == phase }) {
      seconds[index].seconds += spent
    } else {
      seconds.append((phase, spent))
    }
  }
}

/// A kind of refinement that descriptions can name.
public struct RefinementKind: NamedKind {
  /// What messages call it.
  public static let noun = "refinement"

  /// What descriptions call it.
  public let name: String
  /// What it does, in a few words.
  public let summary: String
  /// What it takes.
  public let settings: [Setting]
  /// A description of one.
  public let example: String
  /// Makes the refinement that settings describe.
  public let make: @Sendable (Settings, DescriptionContext) throws -> any Refinement

  /// - Parameters:
  ///   - name: what descriptions call it.
  ///   - summary: what it does, in a few words.
  ///   - settings: what it takes.
  ///   - example: a description of one.
  ///   - make: makes the refinement that settings describe; throws `InputError`.
  public init(
    name: String, summary: String, settings: [Setting], example: String,
    make: @escaping @Sendable (Settings, DescriptionContext) throws -> any Refinement
  ) {
    self.name = name
    self.summary = summary
    self.settings = settings
    self.example = example
    self.make = make
  }
}

extension RefinementReport: Encodable {
  /// The members `iterations`, `largest_change`, `free_energy` and all details; no times.
  public var json: JSONValue {
    let objectives: JSONValue? =
      freeEnergy.isEmpty ? nil : .list(freeEnergy.map { .number($0) })
    let known = JSONValue.object([
      "iterations": iterations.map { .number($0) },
      "largest_change": largestChange.map { .number($0) }, "free_energy": objectives,
    ])
    return .object((known.members ?? []) + details + sceneDetails)
  }

  /// Writes `json`.
  public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }
}
