import MeanField
import Support

extension CRFSettings {
  /// What `--crf` says: the name of a preset.
  ///
  /// - Throws: `InputError` where there is none of that name.
  package init(option name: String, parallelism: Parallelism) throws {
    do {
      self.init(try Preset.named(name), parallelism: parallelism)
    } catch let error as InputError {
      throw error.at("--crf")
    }
  }
}
