import MeanField
import Support

extension CRFSettings {
  /// What `--crf` says: the name of a preset, or a file of one.
  ///
  /// - Throws: `InputError` where there is none of that name.
  package init(option name: String, parallelism: Parallelism) throws {
    do {
      self.init(try Preset(option: name), parallelism: parallelism)
    } catch let error as InputError {
      throw error.at("--crf")
    }
  }
}
