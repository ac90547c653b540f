import MeanField
import LatticeSupport

extension CRFSettings {
  /// What `--crf` says: the name of a preset, or a file of one.
  ///
  /// - Throws: `InputError` where there is none of that name.
  package init(option name: String, parallelism: Parallelism) throws {
    let preset = try OptionCheck.naming("--crf") { try Preset(option: name) }
    self.init(preset, parallelism: parallelism)
  }
}
