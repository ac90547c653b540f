import Lattice
import MeanField
import LatticeSupport

/// The CRF and how it is solved, checked and in the library's values.
package struct CRFSettings {
  package var presetName: String?
  package var kernels: [KernelDescription]
  package var normalization: Normalization
  package var iterations: Int
  package var tolerance: Float = 0
  package var selfTerm = SelfTerm.included
  package var backend: any FilterBackend = FilterBackends.all[0]
  /// `nil` unless the exact filter is chosen.
  package var exact: ExactSettings?
  package var parallelism: Parallelism

  package init(
    presetName: String?, kernels: [KernelDescription], normalization: Normalization,
    iterations: Int, parallelism: Parallelism
  ) {
    self.presetName = presetName
    self.kernels = kernels
    self.normalization = normalization
    self.iterations = iterations
    self.parallelism = parallelism
  }

  /// What a preset says, and the defaults for what it does not.
  package init(_ preset: Preset, parallelism: Parallelism) {
    self.init(
      presetName: preset.name, kernels: preset.kernels, normalization: preset.normalization,
      iterations: preset.iterations, parallelism: parallelism)
  }

  /// For people: the kernels and how they are applied, in lines under `kernels`.
  ///
  /// - Parameter iterations: the updates that were made.
  package func lines(iterations made: Int) -> String {
    let kernels = kernels.map(\.description).joined(separator: "\n         ")
    let preset = presetName.map { "preset \($0), " } ?? ""
    let selfTerm = selfTerm == .included ? "" : ", self term excluded"
    let stopped = made < iterations ? " of at most \(iterations)" : ""
    return """
      kernels  \(kernels)
               \(preset)\(normalization.rawValue) normalisation\(selfTerm), \
      \(backend.name) filter
               iterations \(made)\(stopped), threads \(parallelism.threads)
      """
  }
}
