import LatticePluginHeader
import LatticeSupport
import Pipeline

/// Tables as a plug-in would show them, all parts of which tests may spoil. Nothing is ever freed,
/// as nothing of a plug-in is.
struct PluginFixture {
  let table: UnsafeMutablePointer<latticecrf_plugin_table>

  init(_ kinds: [UnsafeMutablePointer<latticecrf_plugin_kind>?]) {
    let list = UnsafeMutablePointer<UnsafePointer<latticecrf_plugin_kind>?>.allocate(
      capacity: max(1, kinds.count))
    for (index, kind) in kinds.enumerated() { list[index] = kind.map { UnsafePointer($0) } }
    table = Self.make(latticecrf_plugin_table())
    table.pointee.abi_version = LATTICECRF_PLUGIN_ABI_VERSION
    table.pointee.kind_count = Int32(kinds.count)
    table.pointee.name = Self.text("lab")
    table.pointee.kinds = UnsafePointer(list)
  }

  /// The kinds, which are not registered.
  func kinds() throws -> [LoadedKind] { try PluginTable(table).kinds }

  // MARK: Parts

  /// A structure of its own, with its size where all have it.
  static func make<Structure>(_ structure: Structure) -> UnsafeMutablePointer<Structure> {
    let pointer = UnsafeMutablePointer<Structure>.allocate(capacity: 1)
    pointer.initialize(to: structure)
    UnsafeMutableRawPointer(pointer).storeBytes(
      of: Int64(MemoryLayout<Structure>.size), as: Int64.self)
    return pointer
  }

  static func text(_ text: String) -> UnsafePointer<CChar> {
    let bytes = text.utf8CString
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    for (index, byte) in bytes.enumerated() { copy[index] = byte }
    return UnsafePointer(copy)
  }

  static func bytes(_ bytes: [UInt8]) -> UnsafePointer<CChar> {
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    for (index, byte) in bytes.enumerated() { copy[index] = CChar(truncatingIfNeeded: byte) }
    return UnsafePointer(copy)
  }

  static func setting(
    _ key: String, _ type: Int = LATTICECRF_PLUGIN_NUMBER,
    _ change: (inout latticecrf_plugin_setting) -> Void = { _ in }
  ) -> latticecrf_plugin_setting {
    var setting = latticecrf_plugin_setting()
    setting.size = Int64(MemoryLayout<latticecrf_plugin_setting>.size)
    setting.key = text(key)
    setting.help = text("what it does")
    setting.type = Int32(type)
    setting.flags = LATTICECRF_PLUGIN_OPTIONAL
    change(&setting)
    return setting
  }

  typealias Head = UnsafeMutablePointer<latticecrf_plugin_kind>

  /// The head of a structure.
  static func head<Structure>(_ structure: UnsafeMutablePointer<Structure>) -> Head {
    UnsafeMutableRawPointer(structure).assumingMemoryBound(to: latticecrf_plugin_kind.self)
  }

  static func fill<Structure>(
    _ structure: Structure, _ name: String, role: Int
  ) -> UnsafeMutablePointer<Structure> {
    let pointer = make(structure)
    head(pointer).pointee.name = text(name)
    head(pointer).pointee.summary = text("what is sound")
    head(pointer).pointee.role = Int32(role)
    return pointer
  }

  static func set(_ settings: [latticecrf_plugin_setting], in kind: Head) {
    let copy = UnsafeMutablePointer<latticecrf_plugin_setting>.allocate(
      capacity: max(1, settings.count))
    for (index, setting) in settings.enumerated() { copy[index] = setting }
    kind.pointee.settings = UnsafePointer(copy)
    kind.pointee.setting_count = Int32(settings.count)
  }
}

// MARK: Sound kinds

extension PluginFixture {
  /// One feature: the point's number.
  static func kernel(_ name: String = "order") -> UnsafeMutablePointer<latticecrf_plugin_kernel> {
    let kernel = fill(latticecrf_plugin_kernel(), name, role: LATTICECRF_PLUGIN_KERNEL)
    kernel.pointee.dimensions = { _, _, dimensions, _ in
      dimensions!.pointee = 1
      return 0
    }
    kernel.pointee.features = { _, scene, features, _, _ in
      for point in 0..<Int(scene!.pointee.points) { features![point] = Float(point) }
      return 0
    }
    return kernel
  }

  /// K = I.
  static func filter(_ name: String = "nothing") -> UnsafeMutablePointer<latticecrf_plugin_filter> {
    let filter = fill(latticecrf_plugin_filter(), name, role: LATTICECRF_PLUGIN_FILTER)
    filter.pointee.prepare = { _, features, filter, _ in
      let points = UnsafeMutablePointer<Int64>.allocate(capacity: 1)
      points.pointee = features!.pointee.points
      filter!.pointee = UnsafeMutableRawPointer(points)
      return 0
    }
    filter.pointee.release_filter = { $0?.deallocate() }
    filter.pointee.apply = { filter, values, channels, stride, sums, _ in
      let points = Int(filter!.assumingMemoryBound(to: Int64.self).pointee)
      for index in 0..<points * Int(stride) { sums![index] = values![index] }
      return 0
    }
    return filter
  }

  static func compatibility(
    _ name: String = "like"
  ) -> UnsafeMutablePointer<latticecrf_plugin_compatibility> {
    let compatibility = fill(
      latticecrf_plugin_compatibility(), name, role: LATTICECRF_PLUGIN_COMPATIBILITY)
    compatibility.pointee.costs = { _, labels, costs, _ in
      for index in 0..<Int(labels * labels) {
        costs![index] = index % Int(labels + 1) == 0 ? -1 : 0
      }
      return 0
    }
    return compatibility
  }

  /// Two labels, alike.
  static func unary(_ name: String = "even") -> UnsafeMutablePointer<latticecrf_plugin_unary> {
    let unary = fill(latticecrf_plugin_unary(), name, role: LATTICECRF_PLUGIN_UNARY)
    unary.pointee.labels = { _, labels, _ in
      labels!.pointee = 2
      return 0
    }
    unary.pointee.energies = { _, scene, energies, _, stride, _ in
      for index in 0..<Int(scene!.pointee.points * stride) { energies![index] = 0 }
      return 0
    }
    return unary
  }

  /// All labels alike.
  static func refinement(
    _ name: String = "level"
  ) -> UnsafeMutablePointer<latticecrf_plugin_refinement> {
    let refinement = fill(
      latticecrf_plugin_refinement(), name, role: LATTICECRF_PLUGIN_REFINEMENT)
    refinement.pointee.refine = { _, scene, _, labels, stride, marginals, _ in
      for index in 0..<Int(scene!.pointee.points * stride) { marginals![index] = 1 / Float(labels) }
      return 0
    }
    return refinement
  }

  /// Labels as they are.
  static func labelFilter(
    _ name: String = "same"
  ) -> UnsafeMutablePointer<latticecrf_plugin_label_filter> {
    let filter = fill(
      latticecrf_plugin_label_filter(), name, role: LATTICECRF_PLUGIN_LABEL_FILTER)
    filter.pointee.clean = { _, _, _, _, _, _, _, _ in 0 }
    return filter
  }
}
