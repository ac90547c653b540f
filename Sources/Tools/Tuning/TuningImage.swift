import Evaluation
import Formats
import Lattice
import LatticeSupport
import MeanField
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
  package let unary: UnarySettings
  /// How the true labels are read.
  package let truth: LabelReading
  /// The labels' colours and names.
  package let palette: Palette
  package let normalization: Normalization
  package let backend: any FilterBackend
  package let void: UInt16
  /// In points; see `Trimap`.
  package let trimapWidth: Int
  /// The smallest bandwidth of colour that is tried at first.
  package let leastColor: Float

  package init(
    unary: UnarySettings, truth: LabelReading, palette: Palette, normalization: Normalization,
    backend: any FilterBackend, void: UInt16, trimapWidth: Int, leastColor: Float
  ) {
    self.leastColor = leastColor
    self.unary = unary
    self.truth = truth
    self.palette = palette
    self.normalization = normalization
    self.backend = backend
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
      ColorRange([Bandwidths(conditions.leastColor)]).check(image, notes)
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
  /// Filters are built once for all settings of their bandwidths, and settings that differ in
  /// their weights or iterations share what they can of the inference.
  /// - Parameter record: is given what came of all settings of the same bilateral bandwidths.
  func evaluate(
    _ settings: [CRFSetting], record: ([(CRFSetting, Tally)]) throws -> Void
  ) throws {
    let refined = settings.filter { $0.iterations > 0 }
    if refined.count < settings.count {
      try record([(.unrefined, try tally(energies.labels(parallelism: parallelism)))])
    }
    var gaussians: [Float: DenseCRF] = [:]
    for group in refined.grouped(by: { [$0[.bilateralSpatial], $0[.bilateralColor]] }) {
      let bilateral = try crf(
        BilateralKernel(
          spatialSigma: Bandwidths(group[0][.bilateralSpatial]),
          colorSigma: Bandwidths(group[0][.bilateralColor])))
      var results: [(CRFSetting, Tally)] = []
      for settings in group.grouped(by: \.[.gaussianSpatial]) {
        let sigma = settings[0][.gaussianSpatial]
        let gaussian = try gaussians[sigma] ?? crf(SpatialGaussianKernel(sigma: Bandwidths(sigma)))
        gaussians[sigma] = gaussian
        results += try solve(gaussian.joined(with: bilateral), settings)
      }
      try record(results)
    }
  }

  /// A CRF of one term, whose weight is set later.
  private func crf(_ kernel: any PairwiseKernel) throws -> DenseCRF {
    do {
      return try DenseCRF(
        scene: scene, unary: energies,
        terms: [PairwiseTerm(kernel, weight: 1, normalization: conditions.normalization)],
        backend: conditions.backend, parallelism: parallelism)
    } catch let error as PairwiseTermError {
      throw InputError(.data, at: files.image, "\(error)", remedy: "try other bandwidths")
    }
  }

  /// Settings that differ in their weights and iterations only.
  private func solve(
    _ crf: DenseCRF, _ settings: [CRFSetting]
  ) throws -> [(CRFSetting, Tally)] {
    var results: [(CRFSetting, Tally)] = []
    // A state file may lack some iterations of some weights: those of equal iterations go together.
    let weights = settings.grouped(by: { [$0[.gaussianWeight], $0[.bilateralWeight]] })
    for group in weights.grouped(by: { $0.map(\.iterations) }) {
      let sorted = group.map { $0.sorted { $0.iterations < $1.iterations } }
      try crf.infer(
        weightings: group.map { [$0[0][.gaussianWeight], $0[0][.bilateralWeight]] },
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
