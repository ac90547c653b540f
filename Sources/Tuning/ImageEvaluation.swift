import Evaluation
import Formats
import LatticeSupport
import MeanField
import Pipeline
import Unaries

/// One image in memory, ready to be solved with one setting after another.
struct ImageEvaluation {
  private let image: TuningImage
  private let space: SearchSpace
  private let parallelism: Parallelism
  private let scene: Scene
  private let energies: EnergyField
  private let truth: EvaluationCounts.MeasuredTruth
  /// Of nothing yet.
  private let counts: EvaluationCounts

  /// - Parameter counts: of nothing, for labels of any number.
  /// - Throws: `InputError` where a file cannot be read, or they do not fit each other.
  init(
    _ image: TuningImage, in space: SearchSpace, parallelism: Parallelism,
    counts: (_ labelCount: Int) throws -> EvaluationCounts
  ) throws {
    self.image = image
    self.space = space
    self.parallelism = parallelism
    let sample = try image.load(parallelism)
    scene = sample.scene
    energies = sample.energies
    self.counts = try counts(energies.labelCount)
    truth = self.counts.measured(sample.truth)
  }

  /// Solves the image with each of `settings`.
  ///
  /// Filters are built once for all settings of their kernels, and settings that differ in their
  /// weights or iterations share what they can of the inference.
  /// - Parameter record: is given what came of all settings of the same kernel in the last term.
  func evaluate(
    _ settings: [TunedSetting], record: ([(TunedSetting, Tally)]) throws -> Void
  ) throws {
    let refined = settings.filter { $0.iterations > 0 }
    if let unrefined = settings.first(where: { $0.iterations == 0 }) {
      try record([(unrefined, try tally(energies.labels(parallelism: parallelism)))])
    }
    guard let base = space.base, space.sharesFilters else {
      for setting in refined { try record([(setting, try tally(labels(of: setting)))]) }
      return
    }
    let last = base.terms.count - 1
    var others: [TermKey: DenseCRF] = [:]
    for group in refined.grouped(by: { space.kernelValues(of: last, in: $0) }) {
      let outermost = try crf(last, group[0])
      var results: [(TunedSetting, Tally)] = []
      let kernels = group.grouped { setting in
        (0..<last).map { space.kernelValues(of: $0, in: setting) }
      }
      for settings in kernels {
        let terms =
          try (0..<last).map { term in
            let key = TermKey(term: term, values: space.kernelValues(of: term, in: settings[0]))
            let crf = try others[key] ?? crf(term, settings[0])
            others[key] = crf
            return crf
          } + [outermost]
        results += try solve(
          terms.dropFirst().reduce(terms[0]) { $0.joined(with: $1) }, settings)
      }
      try record(results)
    }
  }

  private struct TermKey: Hashable {
    let term: Int
    let values: [Float?]
  }

  /// A CRF of one term, whose weight is set later.
  private func crf(_ term: Int, _ setting: TunedSetting) throws -> DenseCRF {
    guard var model = space.model(of: setting)?.replacingFiles(file) else {
      preconditionFailure("a plan without a CRF shares no filters")
    }
    model.terms = [model.terms[term]]
    model.terms[0].compatibility.settings["weight"] = .number(1)
    do {
      return try DenseCRF(
        scene: scene, unary: energies,
        terms: model.pairwiseTerms(on: scene.grid, context: .files),
        backend: model.filter.kind.make(model.filter.settings), parallelism: parallelism)
    } catch let error as PairwiseTermError {
      throw InputError(.data, at: image.place, "\(error)", remedy: "try other bandwidths")
    }
  }

  /// The file of this image where a plan names a folder.
  private func file(_ path: String) -> String { ArrayFile.path(image.name, of: path) }

  /// The labels of a setting that shares nothing with others.
  private func labels(of setting: TunedSetting) throws -> LabelMap {
    do {
      let plan = try space.plan(of: setting).replacingFiles(file)
      return try PreparedPlan(plan, context: .files)
        .run(energies, over: scene, RefinementRequest(parallelism: parallelism)).labels
    } catch let error as InputError {
      throw error.at(image.place)
    }
  }

  /// Settings that differ in their weights and iterations only.
  private func solve(
    _ crf: DenseCRF, _ settings: [TunedSetting]
  ) throws -> [(TunedSetting, Tally)] {
    var results: [(TunedSetting, Tally)] = []
    // A state file may lack some iterations of some weights: those of equal iterations go together.
    let weights = settings.grouped(by: space.weights)
    for group in weights.grouped(by: { $0.map(\.iterations) }) {
      let sorted = group.map { $0.sorted { $0.iterations < $1.iterations } }
      try crf.infer(
        weightings: group.map { space.weights(in: $0[0]) },
        observing: sorted[0].map(\.iterations),
        solver: space.base?.solver.solver ?? .parallel
      ) { marginals, weighting, iteration in
        let labels = marginals.labels(parallelism: parallelism)
        results.append((sorted[weighting][iteration], try tally(labels)))
      }
    }
    if let failure = crf.failure {
      throw (failure as? InputError)?.at(image.place) ?? failure
    }
    return results
  }

  private func tally(_ labels: LabelMap) throws -> Tally {
    do {
      var counts = counts
      try counts.addBefore(labels, truth: truth)
      return Tally(counts)
    } catch let error as InputError {
      throw error.at(image.truth)
    }
  }
}

extension Array {
  /// The elements of equal keys together, in the order in which the keys first occur.
  fileprivate func grouped<Key: Hashable>(by key: (Element) -> Key) -> [[Element]] {
    var places: [Key: Int] = [:]
    return reduce(into: []) { groups, element in
      let key = key(element)
      if let place = places[key] {
        groups[place].append(element)
      } else {
        places[key] = groups.count
        groups.append([element])
      }
    }
  }
}
