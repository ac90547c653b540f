import LatticeSupport
import MeanField
import Pipeline
import Unaries

/// A plan with the arrays that it refers to.
final class PlanObject: Sendable {
  static let all = ObjectTable<PlanObject>(of: "plan")

  /// With presets written out.
  let plan: Plan
  /// The least bandwidth of colours; `nil` where no CRF compares any.
  let leastColorSigma: Float?
  /// Whether the first axis of its scenes is time.
  private let isOverFrames: Bool
  /// Used under the lock alone.
  nonisolated(unsafe) private var state = State()

  private struct State {
    var arrays: [String: NumericArray] = [:]
    /// Counts what has been set.
    var version = 0
    /// `nil` until the plan is run, and once an array has been replaced.
    var prepared: PreparedPlan?
  }

  /// One lock for all, as for CRFs.
  private static let lock = ForkSafe(())

  private func withState<Result>(_ body: (inout State) -> Result) -> Result {
    Self.lock.withLock { _ in body(&state) }
  }

  /// - Parameter text: a preset's name, a step as options have it, or JSON.
  /// - Throws: `InputError` that says what cannot be understood.
  convenience init(_ text: String) throws {
    self.init(try Self.plan(text).resolved(Self.context([:])), isOverFrames: false)
    // What needs no array is known to be sound from here on.
    if let prepared = try? prepare([:]) {
      withState { $0.prepared = prepared }
    }
  }

  private init(_ plan: Plan, isOverFrames: Bool) {
    self.plan = plan
    self.isOverFrames = isOverFrames
    leastColorSigma = plan.models.flatMap(\.terms)
      .flatMap { $0.colorBandwidths?.values ?? [] }.min()
  }

  /// The same over frames, with the arrays that are set by now.
  ///
  /// - Parameter time: σ of time in frames, above 0.
  /// - Throws: `InputError` where a step cannot be made over frames, or its array is missing.
  func overFrames(time: Float) throws -> PlanObject {
    let object = PlanObject(try plan.overFrames(time: time), isOverFrames: true)
    for (name, array) in withState({ $0.arrays }) { object.set(array, for: name) }
    _ = try object.prepared()
    return object
  }

  private func prepare(_ arrays: [String: NumericArray]) throws -> PreparedPlan {
    let prepared = try PreparedPlan(plan, context: Self.context(arrays))
    return isOverFrames ? try prepared.overFrames() : prepared
  }

  private static func plan(_ text: String) throws -> Plan {
    switch text.first(where: { !$0.isWhitespace }) {
    case "{": return try Plan(json: JSONValue(parsing: text))
    case "[": return try Plan(json: .object(["steps": JSONValue(parsing: text)]))
    default:
      let isStep = text.contains(":") || Plan.kindNames.contains(text)
      return isStep ? try Plan([text]) : Plan(try CRFModel.preset(text))
    }
  }

  private static func context(_ arrays: [String: NumericArray]) -> DescriptionContext {
    DescriptionContext(
      array: { name in
        guard let array = arrays[name] else {
          throw InputError(.usage, "there is no array called \(quoted(name))")
        }
        return array
      },
      // As for a file that is not there, so that messages speak of presets.
      text: { throw InputError(.noInput, "there is no preset called \(quoted($0))") })
  }

  func set(_ array: NumericArray, for name: String) {
    // What they replace may be large: it is freed after the lock.
    let replaced = withState { state in
      defer { state.prepared = nil }
      state.version += 1
      return (state.arrays.updateValue(array, forKey: name), state.prepared)
    }
    _ = replaced
  }

  /// The steps, made.
  ///
  /// - Throws: `InputError` where one of them cannot be made, an array is missing for example.
  func prepared() throws -> PreparedPlan {
    let state = withState { $0 }
    if let prepared = state.prepared { return prepared }
    let made = try prepare(state.arrays)
    // Another thread may have set an array meanwhile.
    withState { if $0.version == state.version { $0.prepared = made } }
    return made
  }
}
