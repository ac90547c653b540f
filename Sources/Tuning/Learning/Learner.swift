import Evaluation
import Lattice
import LatticeSupport
import MeanField
import Pipeline
import Unaries

/// Learns numbers of a plan's CRF on images with true labels, by L-BFGS.
///
/// Krähenbühl & Koltun, "Parameter learning and convergent inference for dense random fields", ICML
/// 2013: the loss of the marginals after the CRF's updates is differentiated by weights,
/// compatibilities and bandwidths, over all images at once. Steps of the plan before the CRF are
/// made, those behind it are not looked at.
///
/// Images that a loss is taken of are held in memory, at most as many points of each as the options
/// say; with lattices, their filters too. Results do not depend on the number of threads.
public struct Learner {
  private let space: LearningSpace
  private let memory: LossMemory
  private let options: LearningOptions
  private let hasHeldOut: Bool
  private let search: SearchSpace
  private let kernels: [LearningSpace.Kernel]

  /// The part of the images that is learned from.
  public static let learnedFrom = 0
  /// The part of the images that only says when to end.
  public static let heldOut = 1

  /// Bytes of weights of pairs that all images under way may keep together; results do not depend
  /// on it.
  private static let memoryBudget = 1 << 30

  /// Reads the images.
  ///
  /// - Parameters:
  ///   - plan: what to start from, with one CRF that is a step of its own.
  ///   - images: the set; no two of the same name.
  ///   - parts: the part of each image, `learnedFrom` or `heldOut`; `nil` to learn from all.
  ///   - options: what is learned, and how.
  ///   - void: the label of the truth whose points do not count.
  ///   - state: where evaluations are kept; `nil` for nowhere.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where an image cannot be read, no point counts, the plan has nothing to
  ///   learn, or the state cannot be used.
  public init(
    from plan: Plan, on images: [TuningImage], parts: [Int]? = nil, _ options: LearningOptions,
    ignoring void: UInt16 = Palette.voidLabel, state: SearchState? = nil,
    parallelism: Parallelism = .automatic
  ) throws {
    let parts = parts ?? images.map { _ in Self.learnedFrom }
    precondition(images.count == parts.count, "\(parts.count) parts of \(images.count) images")
    search = try SearchSpace(plan, [])
    guard let model = search.base, let place = search.place else {
      throw InputError(
        .usage,
        "a plan with \(plan.models.count) CRFs: the numbers of one CRF that is a step of its "
          + "own are learned", remedy: "start from a plan with one step of the kind crf")
    }
    guard options.sums == .exact || !options.learned.contains(.bandwidths) else {
      throw InputError(
        .usage,
        "bandwidths cannot be learned over a lattice, whose values jump where its vertices change, "
          + "so that no line search can follow its slopes",
        remedy: "sum over all pairs, or learn weights and compatibilities alone")
    }
    guard model.solver.solver.damping != nil else {
      throw InputError(
        .usage,
        "the model's solver is \(model.solver.kind.name), through whose updates no gradient is taken",
        remedy: "learn with parallel or damped updates of a constant step")
    }
    let backend = try model.filter.kind.make(model.filter.settings)
    let source = Source(
      images: images, parts: parts, before: try Plan(steps: Array(plan.steps[..<place])),
      model: model, options: options, void: void, parallelism: parallelism)
    let found: Surface
    switch options.sums {
    case .exact:
      let workers = max(1, min(parallelism.threads, images.count))
      let budget = Self.memoryBudget / workers / max(1, model.terms.count)
      found = try source.surface(keepsFilters: false) {
        AllPairsArithmetic(memoryBudget: budget, parallelism: $0)
      }
    case .lattice:
      found = try source.surface(keepsFilters: true) {
        FilteredArithmetic(backend: backend, parallelism: $0)
      }
    }
    (space, kernels) = (found.space, found.kernels)
    self.options = options
    hasHeldOut = parts.contains(Self.heldOut)
    var conditions = state?.conditions ?? [:]
    conditions["the learned part"] = options.learned.map(\.rawValue).sorted().joined(separator: ",")
    conditions["the loss"] = "\(options.loss)"
    conditions["the way of summing"] = options.sums.rawValue
    conditions["the number of points of an image"] = options.points.map { "\($0)" } ?? "all"
    let heldOut = zip(images, parts).filter { $1 == Self.heldOut }.map(\.0.name)
    conditions["the held-out set"] =
      heldOut.isEmpty ? "none" : heldOut.joined(separator: ", ")
    conditions["the start"] = plan.json.compactText
    memory = try LossMemory(
      found.loss, numbers: space.parameters.count, labelCount: space.labelCount, path: state?.path,
      header: StateHeader(
        conditions: conditions, images: images, of: state, parallelism: parallelism))
  }

  /// The numbers that are learned.
  public var parameters: [LearnedParameter] { space.parameters }

  /// Evaluations that the state held.
  public var foundCount: Int { memory.foundCount }

  /// The numbers of the start: logarithms where those are learned.
  package var start: [Double] { space.start }

  /// The loss on the images learned from, and its gradient.
  ///
  /// - Parameter numbers: logarithms where those are learned.
  package func loss(at numbers: [Double]) throws -> (value: Double, gradient: [Double]) {
    let measure = try memory.measure(numbers, part: Self.learnedFrom, hasGradient: true)
    return (measure.loss, measure.gradient)
  }

  /// Learns.
  ///
  /// - Parameter progress: told of the start and of every step.
  /// - Throws: `InputError` where the state cannot be written; what is finished is kept.
  public func run(
    progress: @escaping (LearningOutcome.Step) -> Void = { _ in }
  ) throws -> LearningOutcome {
    let descent = LearningDescent(
      space, memory, options, hasHeldOut: hasHeldOut, progress: progress)
    let ending = try descent.run()
    let taken = descent.taken
    let numbers = zip(space.parameters, descent.curve[taken].values).map { $0.inner($1) }
    let model = space.model(numbers)
    return LearningOutcome(
      parameters: space.parameters, curve: descent.curve, taken: taken, ending: ending,
      model: model, plan: try search.plan(of: search.given, with: model),
      madeCount: memory.madeCount, foundCount: memory.foundCount,
      narrow: space.narrowBandwidths(kernels).map {
        LearningOutcome.Narrow(name: $0.name, value: $0.value, least: $0.least)
      })
  }
}

/// A loss, and what was found out about the kernels for it.
private struct Surface {
  let space: LearningSpace
  let kernels: [LearningSpace.Kernel]
  let loss: any LossSurface
}

/// What a loss is made of.
private struct Source {
  let images: [TuningImage]
  let parts: [Int]
  let before: Plan
  let model: CRFModel
  let options: LearningOptions
  let void: UInt16
  let parallelism: Parallelism

  func surface<Arithmetic: LearningArithmetic>(
    keepsFilters: Bool, _ arithmetic: @escaping @Sendable (Parallelism) -> Arithmetic
  ) throws -> Surface {
    let workers = max(1, min(parallelism.threads, images.count))
    let inner = Parallelism(threads: max(1, parallelism.threads / workers))
    let examples = try Parallelism(threads: workers).map(images.count) { index in
      try LearningExample<Arithmetic.Field>(
        images[index], after: before, model: model, points: options.points, ignoring: void,
        parallelism: inner)
    }
    try check(examples)
    let kernels = try model.terms.indices.map { try kernel($0, examples) }
    let space = try LearningSpace(
      model, labelCount: examples[0].energies.channels, learning: options.learned, kernels: kernels)
    let loss = try ExampleLoss(
      examples, parts: parts, space: space, loss: options.loss, keepsFilters: keepsFilters,
      parallelism: parallelism, arithmetic: arithmetic)
    return Surface(space: space, kernels: kernels, loss: loss)
  }

  private func check<Field>(_ examples: [LearningExample<Field>]) throws {
    for (image, example) in zip(images, examples)
    where example.energies.channels != examples[0].energies.channels {
      throw InputError(
        .data, at: image.scores,
        "has \(example.energies.channels) labels, but files before have "
          + "\(examples[0].energies.channels)", remedy: "learn from files of equal labels")
    }
    for (part, name) in [(Learner.learnedFrom, "learn from"), (Learner.heldOut, "hold out")]
    where part == Learner.learnedFrom || parts.contains(part) {
      guard zip(examples, parts).contains(where: { $1 == part && $0.hasTruth }) else {
        throw InputError(
          .data, "no image to \(name) has a pixel that counts: all are void, or there is none",
          remedy: "check \(name: .voidLabel)")
      }
    }
  }

  /// What all images say of the kernel of a term.
  private func kernel<Field>(
    _ term: Int, _ examples: [LearningExample<Field>]
  ) throws -> LearningSpace.Kernel {
    let kernel = model.terms[term].kernel
    let candidates = KernelBandwidths.candidates(of: kernel)
    let ranges = try candidates.indices.map { place -> LearningSpace.Kernel.Range? in
      let (candidate, setting) = (
        candidates[place], kernel.kind.settings.first { $0.key == candidates[place].key }
      )
      let isNone = examples.contains { $0.terms[term].others.contains(place) }
      guard !isNone else {
        guard setting?.type == .bandwidths, options.learned.contains(.bandwidths) else {
          return nil
        }
        throw InputError(
          .usage,
          "'\(candidate.key)' of the \(kernel.kind.name) kernel is no divisor of its features, so "
            + "that it cannot be learned", remedy: "learn weights and compatibilities alone")
      }
      let spans = examples.compactMap { $0.terms[term].span(of: place) }
      let isPosition = candidate.key == Setting.spatial.key
      let step = examples.map(\.step).max() ?? 1
      return LearningSpace.Kernel.Range(
        span: spans.max() ?? 0, least: isPosition ? LearningSpace.leastSteps * step : nil)
    }
    return LearningSpace.Kernel(candidates: candidates, ranges: ranges)
  }
}
