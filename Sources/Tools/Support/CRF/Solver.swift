import Formats
import Lattice
import MeanField
import LatticeSupport
import Unaries

/// The CRF that the settings describe, over one scene, and its inference.
package struct Solver {
  private let settings: CRFSettings
  private let notesEnergies: Bool
  private let progress: InferenceProgress?

  /// - Parameters:
  ///   - settings: the CRF, and how it is solved.
  ///   - notesEnergies: whether the free energy after each update is asked for.
  ///   - progress: told how far the exact filter has come.
  package init(
    _ settings: CRFSettings, notesEnergies: Bool = false, progress: InferenceProgress? = nil
  ) {
    self.settings = settings
    self.notesEnergies = notesEnergies
    self.progress = progress
  }

  /// The CRF over `scene`; `report` gets what became of features.
  ///
  /// - Throws: `InputError` that names the kernel which cannot be prepared.
  package func makeCRF(
    _ scene: Scene, _ energies: EnergyField, report: inout [FeatureReport]
  ) throws -> DenseCRF {
    let terms = try settings.kernels.map { description in
      let kernel: any PairwiseKernel
      do {
        kernel = try description.kernel(on: scene.grid, arrays: .files)
        if let features = kernel as? FeatureKernel {
          report.append(
            FeatureReport(
              kernel: description.description, dimensions: features.dimensions,
              explainedVariance: features.explainedVariance))
        }
      } catch let error as InputError {
        throw error.at("--kernel \(description)")
      }
      return PairwiseTerm(
        kernel, weight: description.weight, normalization: settings.normalization,
        selfTerm: settings.selfTerm)
    }
    do {
      return try DenseCRF(
        scene: scene, unary: energies, terms: terms, backend: backend,
        parallelism: settings.parallelism)
    } catch let error as PairwiseTermError {
      let preset = settings.presetName.map { " of the preset '\($0)'" } ?? ""
      let place = "--kernel \(settings.kernels[error.index])\(preset)"
      if let cause = error.cause as? InputError { throw cause.at(place) }
      throw InputError(.data, "\(error.cause)").within(place)
    }
  }

  /// The settings' backend, which tells `progress` how far it has come where it takes long.
  private var backend: any FilterBackend {
    guard let exact = settings.exact, let progress else { return settings.backend }
    let updates = settings.iterations + (notesEnergies ? settings.iterations + 1 : 0)
    // Each term is applied once to find its normaliser, and once to bound what it skips.
    let preparations = (settings.normalization == .none ? 0 : 1) + (exact.threshold > 0 ? 1 : 0)
    return exact.backend(
      progress: FilterProgress(applications: max(1, updates + preparations)) { progress.show($0) })
  }

  /// The marginals after the settings' iterations.
  package func solve(_ crf: consuming DenseCRF, stopwatch: inout Stopwatch) -> Solution {
    guard notesEnergies || settings.tolerance > 0 || settings.exact != nil else {
      // Where nobody looks at the marginals in between, they need not be written.
      return Solution(
        marginals: stopwatch.measure(.inference, consuming: crf) {
          $0.infer(InferenceOptions(iterations: settings.iterations))
        }, iterations: settings.iterations)
    }
    return solveStepwise(crf, stopwatch: &stopwatch)
  }

  /// The labels after the settings' iterations, where nothing else is asked for.
  ///
  /// - Parameter path: the image's, for messages.
  /// - Throws: as `makeCRF` does.
  package func labels(
    refining energies: EnergyField, on scene: Scene, at path: String, stopwatch: inout Stopwatch
  ) throws -> LabelMap {
    do {
      var features: [FeatureReport] = []
      let prepared = try stopwatch.measure(.filters) {
        try makeCRF(scene, energies, report: &features)
      }
      return solve(consume prepared, stopwatch: &stopwatch)
        .marginals.labels(parallelism: settings.parallelism)
    } catch let error as InputError {
      throw error.at(path)
    }
  }

  private func solveStepwise(_ crf: DenseCRF, stopwatch: inout Stopwatch) -> Solution {
    let inference = stopwatch.measure(.inference) { crf.startInference() }
    var energies: [MeanFieldEnergy] = []
    // Each energy costs a filtering, so they are computed only where they are printed.
    func noteEnergy() {
      guard notesEnergies else { return }
      energies.append(stopwatch.measure(.energies) { crf.energy(of: inference.marginals) })
    }
    noteEnergy()
    while inference.iteration < settings.iterations {
      stopwatch.measure(.inference) { inference.step() }
      noteEnergy()
      if inference.largestChange < settings.tolerance { break }
    }
    return Solution(
      marginals: inference.marginals, iterations: inference.iteration,
      largestChange: inference.largestChange, energies: energies,
      exact: settings.exact.map {
        ExactReport(settings: $0, skipped: crf.skippedPairs, errorBound: inference.errorBound)
      })
  }
}
