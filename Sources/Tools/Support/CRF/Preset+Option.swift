import MeanField
import LatticeSupport

extension Preset {
  /// The parameters of the DeepLab port that is used most.
  package static let defaultName = "deeplab-v2-pytorch"

  /// What an option says: the name of a preset, or a file of one.
  ///
  /// - Throws: `InputError` where it is neither, or the file is no preset.
  package init(option name: String) throws {
    do {
      self = try Preset.named(name)
    } catch {
      guard FileSystem.isFile(name) else { throw error }
      self = try PresetFile.read(name)
    }
  }
}
