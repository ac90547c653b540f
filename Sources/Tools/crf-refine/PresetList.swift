import MeanField

/// What `--list-presets` prints.
enum PresetList {
  static var text: String {
    Preset.all.map { preset in
      let isDefault = preset.name == Preset.defaultName ? " (the default)" : ""
      let kernels = preset.kernels.map { "  --kernel \($0)" }.joined(separator: "\n")
      return """
        \(preset.name)\(isDefault): \(preset.source)
        \(kernels)
          --iterations \(preset.iterations) --normalization \(preset.normalization.rawValue)
        """
    }.joined(separator: "\n")
  }
}
