import Evaluation
import Formats
import LatticeSupport
import MeanField
import Pipeline
import ToolSupport
import Unaries

/// The files of one image of the set.
package struct TuningImage: Sendable {
  /// What the files have in common.
  package let name: String
  package let scores: String
  package let image: String
  package let truth: String

  package init(name: String, scores: String, image: String, truth: String) {
    self.name = name
    self.scores = scores
    self.image = image
    self.truth = truth
  }
}

/// What is the same for all settings.
package struct TuningConditions {
  package let space: SearchSpace
  package let unary: UnarySettings
  /// How the true labels are read.
  package let truth: LabelReading
  /// The labels' colours and names.
  package let palette: Palette
  package let void: UInt16
  /// In points; see `Trimap`.
  package let trimapWidth: Int

  package init(
    _ space: SearchSpace, unary: UnarySettings, truth: LabelReading, palette: Palette,
    void: UInt16, trimapWidth: Int
  ) {
    self.space = space
    self.unary = unary
    self.truth = truth
    self.palette = palette
    self.void = void
    self.trimapWidth = trimapWidth
  }
}

/// One image in memory, ready to be solved with one setting after another.
struct LoadedTuningImage {
  private let files: TuningImage
  private let conditions: TuningConditions
  private let parallelism: Parallelism
  private let scene: Scene
  private let energies: EnergyField
  private let truth: EvaluationCounts.MeasuredTruth
  /// Of nothing yet.
  private let counts: EvaluationCounts

  /// - Throws: `InputError` where a file cannot be read, or they do not fit each other.
  init(_ files: TuningImage, _ conditions: TuningConditions, parallelism: Parallelism) throws {
    self.files = files
    self.conditions = conditions
    self.parallelism = parallelism
    var stopwatch = Stopwatch()
    var loaded = try conditions.unary.load(
      UnaryFiles(scores: files.scores, image: files.image), parallelism: parallelism,
      hasTiles: false, stopwatch: &stopwatch)
    scene = loaded.scene
    if let image = scene.image, let notes = loaded.image {
      ColorRange(conditions.space.leastColors).check(image, notes)
    }
    energies = loaded.takeEnergies()
    counts = try EvaluationCounts(
      labelCount: energies.labelCount, ignoring: conditions.void, isRefined: false,
      widths: [conditions.trimapWidth])
    truth = counts.measured(
      try LabelFile.read(files.truth, as: conditions.truth))
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
    let space = conditions.space
    guard space.sharesFilters else {
      for setting in refined { try record([(setting, try tally(labels(of: setting)))]) }
      return
    }
    let last = space.base.terms.count - 1
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
    var model = model(of: setting)
    model.terms = [model.terms[term]]
    model.terms[0].compatibility.settings["weight"] = .number(1)
    do {
      return try DenseCRF(
        scene: scene, unary: energies,
        terms: model.pairwiseTerms(on: scene.grid, context: .files),
        backend: model.filter.kind.make(model.filter.settings), parallelism: parallelism)
    } catch let error as PairwiseTermError {
      throw InputError(.data, at: files.image, "\(error)", remedy: "try other bandwidths")
    }
  }

  /// The model of a setting, with the files of this image where it names folders.
  private func model(of setting: TunedSetting) -> CRFModel {
    conditions.space.model(of: setting).replacingFiles {
      FolderPlan.file(files.name, of: $0, endings: FolderPlan.arrayEndings)
    }
  }

  /// The labels of a setting that shares nothing with others.
  private func labels(of setting: TunedSetting) throws -> LabelMap {
    do {
      let plan = try conditions.space.plan(with: model(of: setting))
      return try PreparedPlan(plan, context: .files)
        .run(energies, over: scene, RefinementRequest(parallelism: parallelism)).labels
    } catch let error as InputError {
      throw error.at(files.image)
    }
  }

  /// Settings that differ in their weights and iterations only.
  private func solve(
    _ crf: DenseCRF, _ settings: [TunedSetting]
  ) throws -> [(TunedSetting, Tally)] {
    var results: [(TunedSetting, Tally)] = []
    // A state file may lack some iterations of some weights: those of equal iterations go together.
    let weights = settings.grouped(by: conditions.space.weights)
    for group in weights.grouped(by: { $0.map(\.iterations) }) {
      let sorted = group.map { $0.sorted { $0.iterations < $1.iterations } }
      try crf.infer(
        weightings: group.map { conditions.space.weights(in: $0[0]) },
        observing: sorted[0].map(\.iterations)
      ) { marginals, weighting, iteration in
        let labels = marginals.labels(parallelism: parallelism)
        results.append((sorted[weighting][iteration], try tally(labels)))
      }
    }
    return results
  }

  private func tally(_ labels: LabelMap) throws -> Tally {
    do {
      var counts = counts
      try counts.addBefore(labels, truth: truth)
      return Tally(counts)
    } catch let error as InputError {
      throw error.at(files.truth)
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
