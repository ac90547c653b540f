import LatticePluginHeader
import LatticeSupport
import Unaries

/// The values of settings as plug-ins see them, in memory of their own.
final class PluginValues {
  let base: UnsafeMutablePointer<latticecrf_plugin_value>
  private let count: Int
  private var blocks: [UnsafeMutableRawPointer] = []

  /// - Parameters:
  ///   - settings: of a plug-in's kind.
  ///   - keys: those of the kind, one for each setting.
  ///   - context: gives the arrays that settings name; `nil` where arrays are left out.
  /// - Throws: `InputError` where an array cannot be had.
  init(
    _ settings: Settings, keys: [UnsafePointer<CChar>], context: DescriptionContext?
  ) throws {
    count = settings.declared.count
    base = .allocate(capacity: max(1, count))
    for (index, key) in keys.enumerated() {
      var value = latticecrf_plugin_value()
      value.size = Int64(MemoryLayout<latticecrf_plugin_value>.size)
      value.key = key
      base[index] = value
    }
    for (index, setting) in settings.declared.enumerated() {
      guard let value = settings[setting.key] else { continue }
      base[index].is_given = 1
      base[index].text = copy(Array(Self.text(value).utf8CString))
      try set(value, as: setting.type, in: &base[index], context)
    }
  }

  deinit {
    for block in blocks { block.deallocate() }
    base.deallocate()
  }

  /// The path of a file without the quotes that an option puts around it.
  private static func text(_ value: SettingValue) -> String {
    switch value {
    case .file(let path), .array(.named(let path)): path
    default: value.description
    }
  }

  private func set(
    _ value: SettingValue, as type: Setting.ValueType, in target: inout latticecrf_plugin_value,
    _ context: DescriptionContext?
  ) throws {
    switch value {
    case .number(let number): target.number = number
    case .count(let count): target.number = Double(count)
    case .flag(let flag): target.number = flag ? 1 : 0
    case .choice(let word):
      if case .choice(let words) = type {
        target.number = Double(words.firstIndex(of: word) ?? 0)
      }
    case .bandwidths(let bandwidths): give(bandwidths.values.map(Double.init), to: &target)
    case .counts(let counts): give(counts.map(Double.init), to: &target)
    case .labels(let numbers): give(numbers.labels.map(Double.init), to: &target)
    case .labelCounts(let numbers):
      give(
        numbers.entries.flatMap { entry in
          [
            Double(entry.labels?.lowerBound ?? 0), Double(entry.labels?.upperBound ?? .max),
            Double(entry.number ?? 0),
          ]
        }, to: &target)
    case .array(let name):
      guard let array = try context?.array(name) else { return }
      give(array.values.map(Double.init), to: &target)
      target.rank = Int32(clamping: array.shape.count)
      target.extents = copy(array.shape.map { Int64($0) })
    case .file: break
    case .description: preconditionFailure("a plug-in has no setting that is a description")
    }
  }

  private func give(_ numbers: [Double], to target: inout latticecrf_plugin_value) {
    target.numbers = copy(numbers)
    target.count = Int64(numbers.count)
  }

  private func copy<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafePointer<Element> {
    let block = UnsafeMutablePointer<Element>.allocate(capacity: max(1, elements.count))
    for (index, element) in elements.enumerated() { block[index] = element }
    blocks.append(UnsafeMutableRawPointer(block))
    return UnsafePointer(block)
  }
}
