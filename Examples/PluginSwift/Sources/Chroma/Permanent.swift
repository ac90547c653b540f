import CPlugin

/// Elements that stay where they are.
func permanent<Element>(_ elements: [Element]) -> UnsafePointer<Element> {
  let copy = UnsafeMutablePointer<Element>.allocate(capacity: elements.count)
  copy.initialize(from: elements, count: elements.count)
  return UnsafePointer(copy)
}

/// A text that stays where it is.
func permanent(_ text: String) -> UnsafePointer<CChar> { permanent(Array(text.utf8CString)) }

/// A setting that a kind takes.
///
/// - Parameters:
///   - key: as in `key=value`.
///   - type: one of `LATTICECRF_PLUGIN_NUMBER` and the like.
///   - help: what it does, in one line.
///   - fallback: what holds where it is left out; `nil` where it cannot be.
///   - minimum: of a number or count, itself excluded.
///   - maximum: of a number or count.
func setting(
  _ key: String, _ type: Int, _ help: String, fallback: String? = nil, above minimum: Double = 0,
  maximum: Double = 0
) -> latticecrf_plugin_setting {
  var setting = latticecrf_plugin_setting()
  setting.size = Int64(MemoryLayout<latticecrf_plugin_setting>.size)
  setting.key = permanent(key)
  setting.type = Int32(type)
  setting.help = permanent(help)
  setting.fallback = fallback.map { permanent($0) }
  setting.minimum = minimum
  setting.maximum = maximum
  setting.flags = maximum > minimum ? LATTICECRF_PLUGIN_ABOVE_MINIMUM : 0
  return setting
}
