import Lattice
import MeanField
import LatticeSupport
import ToolSupport

extension CRFSettings {
  /// The kernels, from a preset or one by one, and what goes with them.
  ///
  /// - Throws: `InputError` where the kernels cannot be understood, contradict each other, or need
  ///   an image that is not there; or where another option cannot be followed.
  init(_ options: ModelOptions, exact exactOptions: ExactOptions, hasImage: Bool) throws {
    let preset = try Self.preset(options)
    self.init(
      presetName: preset?.name, kernels: try preset?.kernels ?? options.kernel.map(Self.kernel),
      normalization: options.normalization ?? preset?.normalization ?? .symmetric,
      iterations: options.iterations ?? preset?.iterations ?? 10,
      parallelism: try Parallelism(option: options.threads))
    guard (0...1_000_000).contains(iterations) else {
      throw InputError(
        .usage, at: "--iterations", "is \(iterations), but must be 0…1000000",
        remedy: "5 to 10 are usual; 0 leaves the labels as they are")
    }
    if !hasImage { try checkPositionsSuffice(preset) }
    guard options.tolerance >= 0, options.tolerance.isFinite else {
      throw InputError(
        .usage, at: "--tolerance", "is \(options.tolerance), but must be 0 or more",
        remedy: "0 does every iteration; 0.001 stops early")
    }
    tolerance = options.tolerance
    selfTerm = options.excludeSelf ? .excluded : .included
    backend = try OptionCheck.naming("--filter") { try FilterBackends.named(options.filter) }
    exact = try ExactSettings(exactOptions, filter: backend.name)
    if let exact { backend = exact.backend() }
  }

  private static func preset(_ options: ModelOptions) throws -> Preset? {
    guard let name = options.preset else {
      return options.kernel.isEmpty ? try Preset.named(Preset.defaultName) : nil
    }
    do {
      let preset = try Preset(option: name)
      guard options.kernel.isEmpty else {
        throw InputError(
          .usage, "cannot be combined with --kernel, which says what the preset says too",
          remedy: "give one of them; to start from the preset, write "
            + preset.kernels.map { "--kernel \($0)" }.joined(separator: " "))
      }
      return preset
    } catch let error as InputError {
      throw error.at("--preset")
    }
  }

  private static func kernel(_ text: String) throws -> KernelDescription {
    try OptionCheck.naming("--kernel \(text)") { try KernelDescription(text) }
  }

  private func checkPositionsSuffice(_ preset: Preset?) throws {
    guard let kernel = kernels.first(where: \.kind.needsImage) else { return }
    let usable = kernels.filter { !$0.kind.needsImage }
    let instead = usable.first.map(String.init(describing:)) ?? "gaussian:weight=3,spatial=3"
    let owner = preset.map { "the preset '\($0.name)' has a" } ?? "there is a"
    throw InputError(
      .usage, at: "--image",
      "is missing: \(owner) \(kernel.kind.name) kernel, which compares \(kernel.kind.summary)",
      remedy: "give --image FILE, or use kernels of positions only: --kernel \(instead)")
  }
}
