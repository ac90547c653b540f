import Lattice
import LatticeSupport
import MeanField
import Pipeline
import Unaries

/// What front ends ask the library rather than knowing it themselves.
enum KnownKinds {
  /// Presets, kinds with their settings, and the numbers of enumerations.
  static var json: JSONValue {
    .object([
      "version": .text(Version.current),
      "presets": .list(CRFModel.presets.map(\.json)),
      "default_preset": .text(CRFModel.defaultPreset),
      "kernels": .list(
        KernelKind.registry.all.map { $0.json(with: [.init("needs_image", .flag($0.needsImage))]) }),
      "compatibilities": .list(CompatibilityKind.registry.all.map { $0.json() }),
      "filters": .list(FilterKind.registry.all.map { $0.json() }),
      "solvers": .list(SolverKind.registry.all.map { $0.json() }),
      "unaries": .list(
        UnaryKind.registry.all.map { $0.json(with: [.init("needs_image", .flag($0.needsImage))]) }),
      "refinements": .list(RefinementKind.registry.all.map { $0.json() }),
      "label_filters": .list(LabelFilterKind.registry.all.map { $0.json() }),
      "plugins": .list(Plugins.loaded.map(\.json)),
      "enumerations": Enumerations.json,
    ])
  }
}
