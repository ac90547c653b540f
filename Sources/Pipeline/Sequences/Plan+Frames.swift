import LatticeSupport
import MeanField
import Unaries

extension Plan {
  /// The same over frames one after another, which are the first axis of its scenes.
  ///
  /// Kernels whose bandwidth of positions is one value, or one for each axis of a frame, get that
  /// of time beside it, as the last of their axes (x comes first); where there is one for each axis
  /// of a sequence already, that holds.
  ///
  /// - Parameter time: σ in frames, above 0.
  /// - Throws: `InputError` where a step cannot be made over frames: one that compares points, but
  ///   is no CRF, or a kernel in millimetres.
  public func overFrames(time: Float) throws -> Plan {
    try Plan(
      steps: steps.map { step in
        guard case .refinement(let description) = step, var model = description.model else {
          return step
        }
        for index in model.terms.indices {
          let term = model.terms[index]
          guard term.kernel.kind.settings.contains(.spatial),
            let sigma = term.kernel.settings.bandwidths("spatial")
          else { continue }
          model.terms[index].kernel.settings["spatial"] = .bandwidths(
            try Self.adding(time, to: sigma, of: term))
        }
        return Plan(model).steps[0]
      })
  }

  private static func adding(
    _ time: Float, to sigma: Bandwidths, of term: CRFModel.Term
  ) throws -> Bandwidths {
    guard !sigma.isInMillimetres else {
      throw InputError(
        .usage, "the term \(term) measures in millimetres, but frames are no distance apart",
        remedy: "give spatial= in pixels")
    }
    switch sigma.values.count {
    case 1: return Bandwidths([sigma.values[0], sigma.values[0], time])
    case 2: return Bandwidths(sigma.values + [time])
    default: return sigma
    }
  }
}

extension PreparedPlan {
  /// The same, for scenes whose first axis is time: label filters see each frame by itself.
  ///
  /// - Throws: `InputError` where a step compares points and is no CRF, whose bandwidths alone tell
  ///   time from space.
  public func overFrames() throws -> PreparedPlan {
    let step = refinements.first { !($0 is CRFRefinement) && $0.reach != .steps(0) }
    if let step {
      throw InputError(
        .usage,
        "the step \(step.name) compares the pixels of one image, and would take time for an axis "
          + "like the others",
        remedy: "sequences are for crf, and for steps that look at each pixel by itself: refine "
          + "the frames one by one")
    }
    var plan = self
    plan.isOverFrames = true
    return plan
  }
}
